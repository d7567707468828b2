//! NetFn Chassis (00h): power, identification, boot.

use crate::command::commands;

commands! {
    chassis_control: ChassisControl;
}
