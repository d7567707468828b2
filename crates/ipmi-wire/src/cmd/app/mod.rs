//! NetFn App (06h): the controller itself, its sessions and channels.

use crate::command::commands;

commands! {
    get_device_id: GetDeviceId;
    cold_reset: ColdReset;
    warm_reset: WarmReset;
    get_self_test_results: GetSelfTestResults;
    get_device_guid: GetDeviceGuid;
    get_system_guid: GetSystemGuid;
    get_channel_authentication_capabilities: GetChannelAuthenticationCapabilities;
    set_session_privilege_level: SetSessionPrivilegeLevel;
    close_session: CloseSession;
    get_session_info: GetSessionInfo;
    get_channel_info: GetChannelInfo;
    get_channel_cipher_suites: GetChannelCipherSuites;
}
