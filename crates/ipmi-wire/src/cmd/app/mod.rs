//! NetFn App (06h): the controller itself, its sessions and channels.

mod user_flags;
mod user_name;

pub use user_flags::UserFlags;

use crate::command::commands;

commands! {
    get_device_id: GetDeviceId;
    cold_reset: ColdReset;
    warm_reset: WarmReset;
    get_self_test_results: GetSelfTestResults;
    get_device_guid: GetDeviceGuid;
    get_system_guid: GetSystemGuid;
    get_channel_authentication_capabilities: GetChannelAuthenticationCapabilities;
    get_session_challenge: GetSessionChallenge;
    activate_session: ActivateSession;
    set_session_privilege_level: SetSessionPrivilegeLevel;
    close_session: CloseSession;
    get_session_info: GetSessionInfo;
    get_channel_info: GetChannelInfo;
    set_user_access: SetUserAccess;
    get_user_access: GetUserAccess;
    set_user_name: SetUserName;
    get_user_name: GetUserName;
    set_user_password: SetUserPassword;
    get_channel_cipher_suites: GetChannelCipherSuites;
}
