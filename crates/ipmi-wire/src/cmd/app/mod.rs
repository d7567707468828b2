//! NetFn App (06h): the controller itself, its sessions and channels.

mod channel_access;
mod payload_access;
mod user_flags;
mod user_name;

pub use channel_access::{AccessCopy, AccessFlags, AccessMode};
pub use payload_access::PayloadAccess;
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
    set_channel_access: SetChannelAccess;
    get_channel_access: GetChannelAccess;
    get_channel_info: GetChannelInfo;
    set_user_access: SetUserAccess;
    get_user_access: GetUserAccess;
    set_user_name: SetUserName;
    get_user_name: GetUserName;
    set_user_password: SetUserPassword;
    get_payload_activation_status: GetPayloadActivationStatus;
    get_payload_instance_info: GetPayloadInstanceInfo;
    set_user_payload_access: SetUserPayloadAccess;
    get_user_payload_access: GetUserPayloadAccess;
    get_channel_payload_support: GetChannelPayloadSupport;
    get_channel_payload_version: GetChannelPayloadVersion;
    get_channel_cipher_suites: GetChannelCipherSuites;
    set_channel_security_keys: SetChannelSecurityKeys;
    get_system_interface_capabilities: GetSystemInterfaceCapabilities;
}
