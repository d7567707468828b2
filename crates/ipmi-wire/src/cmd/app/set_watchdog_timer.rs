//! Set Watchdog Timer: what it is used for, how long it runs and what it does then.

use super::{TimerUse, WatchdogSettings};
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Set Watchdog Timer. IPMI v2.0 §27.6.
///
/// It does not start the timer, and stops one that runs unless told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetWatchdogTimer {
    /// What it is set to.
    pub settings: WatchdogSettings,
    /// A timer that runs goes on, with the new settings.
    pub dont_stop: bool,
    /// The expiration flags to clear: bit 1 BIOS FRB2, 2 BIOS/POST, 3 OS load, 4 SMS/OS, 5 OEM.
    pub clear: u8,
}

impl Command for SetWatchdogTimer {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x24);
    const NAME: &'static str = "Set Watchdog Timer";
    const SECTION: &'static str = "IPMI v2.0 §27.6";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

impl Encode for SetWatchdogTimer {
    fn encode(&self, out: &mut Vec<u8>) {
        self.settings.encode(self.dont_stop, self.clear, out);
    }
}

impl Decode for SetWatchdogTimer {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (settings, dont_stop, clear) = WatchdogSettings::decode(r)?;
        if let TimerUse::Reserved(number) = settings.timer_use {
            return Err(DecodeError::Invalid { field: "timer use", value: number.into() });
        }
        Ok(Self { settings, dont_stop, clear })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::app::{PreTimeoutInterrupt, TimeoutAction};

    #[test]
    fn what_linux_sends_is_understood() {
        // drivers/char/ipmi/ipmi_watchdog.c: SMS/OS, no logging, reset after 10 s, messaging
        // interrupt 2 s before, all by its module parameters; the SMS/OS flag is cleared.
        let bytes = [0x84, 0x31, 0x02, 0x10, 0x64, 0x00];
        let request = SetWatchdogTimer::decode_exact(&bytes).unwrap();
        let settings = WatchdogSettings {
            timer_use: TimerUse::SmsOs,
            dont_log: true,
            interrupt: PreTimeoutInterrupt::Messaging,
            action: TimeoutAction::Reset,
            pre_timeout: 2,
            initial: 100,
        };
        assert_eq!(request, SetWatchdogTimer { settings, dont_stop: false, clear: 0x10 });
        assert_eq!((request.to_bytes(), request.effect()), (bytes.to_vec(), Effect::Idempotent));
        for length in 0..6 {
            assert!(SetWatchdogTimer::decode_exact(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn what_is_reserved_is_refused() {
        for first in [0x00, 0x06, 0x07] {
            assert!(SetWatchdogTimer::decode_exact(&[first, 0, 0, 0, 0, 0]).is_err());
        }
        for actions in [0x04, 0x07, 0x40, 0x70] {
            assert!(SetWatchdogTimer::decode_exact(&[4, actions, 0, 0, 0, 0]).is_err());
        }
        for (number, interrupt) in (0..4).zip(0..4) {
            let bytes = [0x41, (interrupt << 4) | number, 9, 0x3e, 0xff, 0xff];
            assert_eq!(SetWatchdogTimer::decode_exact(&bytes).unwrap().to_bytes(), bytes);
        }
    }
}
