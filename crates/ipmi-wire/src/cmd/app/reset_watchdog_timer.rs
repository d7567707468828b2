//! Reset Watchdog Timer: starts it, or starts it again.

use crate::command::{Access, Command, Effect, no_request_data};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Reset Watchdog Timer. IPMI v2.0 §27.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResetWatchdogTimer;

impl ResetWatchdogTimer {
    /// Nobody has set the timer since the controller started.
    pub const UNINITIALIZED: CompletionCode = CompletionCode(0x80);
}

impl Command for ResetWatchdogTimer {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x22);
    const NAME: &'static str = "Reset Watchdog Timer";
    const SECTION: &'static str = "IPMI v2.0 §27.5";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        (code == Self::UNINITIALIZED).then_some("nobody has set the watchdog timer yet")
    }
}

no_request_data!(ResetWatchdogTimer);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Decode, Encode};

    #[test]
    fn a_timer_that_nobody_has_set_is_explained() {
        assert!(ResetWatchdogTimer.to_bytes().is_empty());
        assert!(ResetWatchdogTimer::decode_exact(&[0]).is_err());
        assert!(ResetWatchdogTimer::explain(CompletionCode(0x80)).is_some());
        assert_eq!(ResetWatchdogTimer::explain(CompletionCode(0x81)), None);
    }
}
