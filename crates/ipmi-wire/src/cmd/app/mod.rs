//! NetFn App (06h): the controller itself, its sessions and channels.

use crate::command::commands;

commands! {
    get_device_id: GetDeviceId;
}
