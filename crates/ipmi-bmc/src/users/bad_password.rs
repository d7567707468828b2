//! What wrong passwords lead to: LAN parameter 26 as a policy.

use std::time::Duration;

/// What wrong passwords lead to. IPMI v2.0 §23.2, Table 23-4, parameter 26.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPasswordPolicy {
    /// After so many wrong passwords in a row a user is locked out; 0 is never.
    pub threshold: u8,
    /// After this time without a wrong password the count starts at 0 again; `None` is never.
    pub reset_after: Option<Duration>,
    /// How long a user is locked out; `None` is until somebody enables the user again.
    pub lockout: Option<Duration>,
    /// Whether a lockout is noted in the event log (Session Audit sensor, offset 03h).
    pub log_lockout: bool,
}

impl Default for BadPasswordPolicy {
    /// Ten in five minutes lock a user out for five minutes, and that is logged.
    fn default() -> Self {
        let five_minutes = Duration::from_secs(300);
        Self {
            threshold: 10,
            reset_after: Some(five_minutes),
            lockout: Some(five_minutes),
            log_lockout: true,
        }
    }
}
