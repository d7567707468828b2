//! NetFn App (06h): the controller itself, its sessions and channels.

mod acpi_power_state;
mod channel_access;
mod firewall;
mod global_enables;
mod message_flags;
mod payload_access;
mod system_info_parameter;
mod user_flags;
mod user_name;
mod watchdog_timer;

pub use acpi_power_state::{AcpiDeviceState, AcpiSystemState};
pub use channel_access::{AccessCopy, AccessFlags, AccessMode};
pub use firewall::{
    CommandAt, CommandMask, CommandRange, CommandSpace, CommandsAt, LunSupport, SubFunctions,
    has_sub_functions, sub_function_name,
};
pub use global_enables::GlobalEnables;
pub use message_flags::MessageFlags;
pub use payload_access::PayloadAccess;
pub use system_info_parameter::SystemInfoParameter;
pub use user_flags::UserFlags;
pub use watchdog_timer::{PreTimeoutInterrupt, TimeoutAction, TimerUse, WatchdogSettings};

use crate::command::commands;

commands! {
    get_device_id: GetDeviceId;
    cold_reset: ColdReset;
    warm_reset: WarmReset;
    get_self_test_results: GetSelfTestResults;
    set_acpi_power_state: SetAcpiPowerState;
    get_acpi_power_state: GetAcpiPowerState;
    get_device_guid: GetDeviceGuid;
    get_netfn_support: GetNetFnSupport;
    get_command_support: GetCommandSupport;
    get_command_sub_function_support: GetCommandSubFunctionSupport;
    get_configurable_commands: GetConfigurableCommands;
    get_configurable_command_sub_functions: GetConfigurableCommandSubFunctions;
    reset_watchdog_timer: ResetWatchdogTimer;
    set_watchdog_timer: SetWatchdogTimer;
    get_watchdog_timer: GetWatchdogTimer;
    set_bmc_global_enables: SetBmcGlobalEnables;
    get_bmc_global_enables: GetBmcGlobalEnables;
    clear_message_flags: ClearMessageFlags;
    get_message_flags: GetMessageFlags;
    enable_message_channel_receive: EnableMessageChannelReceive;
    get_message: GetMessage;
    send_message: SendMessage;
    read_event_message_buffer: ReadEventMessageBuffer;
    get_bt_interface_capabilities: GetBtInterfaceCapabilities;
    master_write_read: MasterWriteRead;
    get_system_guid: GetSystemGuid;
    get_channel_authentication_capabilities: GetChannelAuthenticationCapabilities;
    get_session_challenge: GetSessionChallenge;
    activate_session: ActivateSession;
    set_session_privilege_level: SetSessionPrivilegeLevel;
    close_session: CloseSession;
    get_session_info: GetSessionInfo;
    set_channel_access: SetChannelAccess;
    get_channel_access: GetChannelAccess;
    get_channel_info: GetChannelInfo;
    set_user_access: SetUserAccess;
    get_user_access: GetUserAccess;
    set_user_name: SetUserName;
    get_user_name: GetUserName;
    set_user_password: SetUserPassword;
    activate_payload: ActivatePayload;
    deactivate_payload: DeactivatePayload;
    suspend_resume_payload_encryption: SuspendResumePayloadEncryption;
    get_payload_activation_status: GetPayloadActivationStatus;
    get_payload_instance_info: GetPayloadInstanceInfo;
    set_user_payload_access: SetUserPayloadAccess;
    get_user_payload_access: GetUserPayloadAccess;
    get_channel_payload_support: GetChannelPayloadSupport;
    get_channel_payload_version: GetChannelPayloadVersion;
    get_channel_cipher_suites: GetChannelCipherSuites;
    set_channel_security_keys: SetChannelSecurityKeys;
    get_system_interface_capabilities: GetSystemInterfaceCapabilities;
    set_system_info_parameters: SetSystemInfoParameters;
    get_system_info_parameters: GetSystemInfoParameters;
    set_command_enables: SetCommandEnables;
    get_command_enables: GetCommandEnables;
    set_command_sub_function_enables: SetCommandSubFunctionEnables;
    get_command_sub_function_enables: GetCommandSubFunctionEnables;
    get_oem_netfn_iana_support: GetOemNetFnIanaSupport;
}
