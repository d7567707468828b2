//! Get Watchdog Timer: what it is set to, whether it runs, what has expired.

use super::WatchdogSettings;
use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Watchdog Timer. IPMI v2.0 §27.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetWatchdogTimer;

/// The answer to [`GetWatchdogTimer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchdogTimer {
    /// What it is set to.
    pub settings: WatchdogSettings,
    /// It runs.
    pub running: bool,
    /// What has expired: bit 1 BIOS FRB2, 2 BIOS/POST, 3 OS load, 4 SMS/OS, 5 OEM.
    pub expired: u8,
    /// What is left of the countdown, in units of 100 ms; `None` if the controller does not tell:
    /// OpenIPMI's ipmi_sim leaves it out (research/bmc-servers.md §4.5).
    pub present: Option<u16>,
}

impl Command for GetWatchdogTimer {
    type Response = WatchdogTimer;
    const ID: CommandId = CommandId::new(NetFn::App, 0x25);
    const NAME: &'static str = "Get Watchdog Timer";
    const SECTION: &'static str = "IPMI v2.0 §27.7";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetWatchdogTimer);

impl Encode for WatchdogTimer {
    fn encode(&self, out: &mut Vec<u8>) {
        self.settings.encode(self.running, self.expired, out);
        out.extend(self.present.into_iter().flat_map(u16::to_le_bytes));
    }
}

impl Decode for WatchdogTimer {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (settings, running, expired) = WatchdogSettings::decode(r)?;
        let present = match r.is_empty() {
            true => None,
            false => Some(r.u16("present countdown value")?),
        };
        Ok(Self { settings, running, expired, present })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::app::TimerUse;

    #[test]
    fn the_answer_has_eight_bytes() {
        // By hand from §27.7: SMS/OS, running, reset, 10 s of which 9.5 s are left.
        let bytes = [0x44, 0x01, 0x00, 0x10, 0x64, 0x00, 0x5f, 0x00];
        let timer = WatchdogTimer::decode_exact(&bytes).unwrap();
        assert!(timer.running && timer.settings.timer_use == TimerUse::SmsOs);
        assert_eq!((timer.expired, timer.settings.initial, timer.present), (0x10, 100, Some(95)));
        assert_eq!(timer.to_bytes(), bytes);
        for length in (0..8).filter(|length| *length != 6) {
            assert!(WatchdogTimer::decode_exact(&bytes[..length]).is_err());
        }
        // As ipmi_sim answers.
        let short = WatchdogTimer::decode_exact(&bytes[..6]).unwrap();
        assert_eq!((short.present, short.to_bytes()), (None, bytes[..6].to_vec()));
        // QEMU's, of a timer that nobody has set.
        let unset = WatchdogTimer::decode_exact(&[0; 8]).unwrap();
        assert_eq!((unset.settings.timer_use, unset.running), (TimerUse::Reserved(0), false));
    }
}
