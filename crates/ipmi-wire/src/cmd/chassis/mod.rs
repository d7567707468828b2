//! NetFn Chassis (00h): power, identification, boot.

use crate::command::commands;

commands! {
    get_chassis_capabilities: GetChassisCapabilities;
    get_chassis_status: GetChassisStatus;
    chassis_control: ChassisControl;
    chassis_identify: ChassisIdentify;
    get_system_restart_cause: GetSystemRestartCause;
    get_poh_counter: GetPohCounter;
}
