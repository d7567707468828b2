//! NetFn Chassis (00h): power, identification, boot.

mod boot_flags;
mod boot_parameter;

pub use boot_flags::{BootDevice, BootFlags, BootVerbosity, ConsoleRedirection};
pub use boot_parameter::{BootInitiator, BootParameter, SetInProgress};

use crate::command::commands;

commands! {
    get_chassis_capabilities: GetChassisCapabilities;
    get_chassis_status: GetChassisStatus;
    chassis_control: ChassisControl;
    chassis_reset: ChassisReset;
    chassis_identify: ChassisIdentify;
    set_power_restore_policy: SetPowerRestorePolicy;
    get_system_restart_cause: GetSystemRestartCause;
    set_system_boot_options: SetSystemBootOptions;
    get_system_boot_options: GetSystemBootOptions;
    set_front_panel_enables: SetFrontPanelEnables;
    set_power_cycle_interval: SetPowerCycleInterval;
    get_poh_counter: GetPohCounter;
}
