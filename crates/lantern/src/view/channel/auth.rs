//! How one may log in on a channel.

use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::{AuthTypes, ChannelAuthenticationCapabilities};
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::table::fields;
use crate::view::user::limit;
use crate::view::{View, list, set, yes_no};

/// Get Channel Authentication Capabilities. Some BMCs get bits of it wrong: it is a hint.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Auth {
    channel: u8,
    /// For which privilege this was asked.
    privilege: &'static str,
    ipmi15: bool,
    ipmi20: bool,
    /// Of IPMI 1.5: `none`, `md2`, `md5`, `password`, `oem`.
    auth_types: Vec<&'static str>,
    /// Whether the key K_g is set, so that consoles need it.
    kg_set: bool,
    /// Of packets of IPMI 1.5 sessions.
    per_message_auth: bool,
    /// Of what takes no more than User level, in IPMI 1.5 sessions.
    user_level_auth: bool,
    /// Whether there are users with names.
    named_users: bool,
    /// Whether there is a user without a name and with a password.
    null_user: bool,
    /// Whether there is a user with neither.
    anonymous_login: bool,
    /// Enterprise number of whoever defined the authentication type `oem`; 0 is nobody.
    oem_id: u32,
    oem_data: u8,
}

impl Auth {
    pub(crate) fn new(privilege: Privilege, told: &ChannelAuthenticationCapabilities) -> Self {
        let AuthTypes { none, md2, md5, straight_password, oem } = told.auth_types;
        Self {
            channel: told.channel.number(),
            privilege: limit(Some(privilege)),
            // A BMC without the extended data knows nothing else.
            ipmi15: told.supports_ipmi15 || !told.extended,
            ipmi20: told.supports_ipmi20,
            auth_types: set([
                (none, "none"),
                (md2, "md2"),
                (md5, "md5"),
                (straight_password, "password"),
                (oem, "oem"),
            ]),
            kg_set: told.kg_nonzero,
            per_message_auth: !told.per_message_auth_disabled,
            user_level_auth: !told.user_level_auth_disabled,
            named_users: told.non_null_users,
            null_user: told.null_users,
            anonymous_login: told.anonymous_login,
            oem_id: told.oem_iana,
            oem_data: told.oem_aux,
        }
    }
}

impl View for Auth {
    const SCHEMA: &'static str = "lantern.channel_auth/1";

    fn text(&self, width: Option<u16>) -> String {
        let versions = set([(self.ipmi15, "IPMI 1.5"), (self.ipmi20, "IPMI 2.0 (RMCP+)")]);
        fields(
            width,
            [
                ("Channel", self.channel.to_string()),
                ("For", self.privilege.to_owned()),
                ("Sessions", list(&versions)),
                ("IPMI 1.5 types", list(&self.auth_types)),
                ("Per-message auth", yes_no(self.per_message_auth)),
                ("User level auth", yes_no(self.user_level_auth)),
                ("K_g is set", yes_no(self.kg_set)),
                ("Users with names", yes_no(self.named_users)),
                ("User without a name", yes_no(self.null_user)),
                ("Login with neither", yes_no(self.anonymous_login)),
            ],
        )
    }
}
