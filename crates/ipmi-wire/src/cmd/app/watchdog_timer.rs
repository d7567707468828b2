//! What the watchdog is set to: the part that Set and Get Watchdog Timer share. IPMI v2.0 §27.6,
//! Table 27-3.

use crate::codec::{DecodeError, Reader};

/// What the timer is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimerUse {
    /// Fault-resilient booting, phase 2: firmware before it sets the machine up.
    BiosFrb2,
    /// Firmware while it sets the machine up.
    BiosPost,
    /// Loading the operating system.
    OsLoad,
    /// The operating system, or management software under it.
    SmsOs,
    /// The manufacturer's own.
    Oem,
    /// 0, 6 and 7 are reserved. A controller may say one of a timer that nobody has set (QEMU's does,
    /// hw/ipmi/ipmi_bmc_sim.c); it cannot be set.
    Reserved(u8),
}

/// What happens some time before the timer expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum PreTimeoutInterrupt {
    /// Nothing.
    #[default]
    None,
    /// A system management interrupt.
    Smi,
    /// A diagnostic interrupt.
    Nmi,
    /// An interrupt of the system interface: the pre-timeout flag is set.
    Messaging,
}

/// What happens when the timer expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum TimeoutAction {
    /// Nothing but the flag and the event.
    #[default]
    None,
    /// Hard reset.
    Reset,
    /// Power down.
    PowerDown,
    /// Power cycle.
    PowerCycle,
}

/// How the watchdog is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchdogSettings {
    /// What it is used for.
    pub timer_use: TimerUse,
    /// Its expiration is not an event.
    pub dont_log: bool,
    /// What happens before.
    pub interrupt: PreTimeoutInterrupt,
    /// What happens then.
    pub action: TimeoutAction,
    /// How long before, in seconds.
    pub pre_timeout: u8,
    /// How long it runs, in units of 100 ms.
    pub initial: u16,
}

impl TimerUse {
    /// The use of a 3-bit number.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number & 7 {
            1 => Self::BiosFrb2,
            2 => Self::BiosPost,
            3 => Self::OsLoad,
            4 => Self::SmsOs,
            5 => Self::Oem,
            other => Self::Reserved(other),
        }
    }

    /// The number on the wire, which is also the bit of its expiration flag.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::BiosFrb2 => 1,
            Self::BiosPost => 2,
            Self::OsLoad => 3,
            Self::SmsOs => 4,
            Self::Oem => 5,
            Self::Reserved(number) => number & 7,
        }
    }
}

impl PreTimeoutInterrupt {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Smi => 1,
            Self::Nmi => 2,
            Self::Messaging => 3,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::None,
            1 => Self::Smi,
            2 => Self::Nmi,
            3 => Self::Messaging,
            _ => return None,
        })
    }
}

impl TimeoutAction {
    /// The number on the wire, which is also the state of a Watchdog 2 sensor.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Reset => 1,
            Self::PowerDown => 2,
            Self::PowerCycle => 3,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::None,
            1 => Self::Reset,
            2 => Self::PowerDown,
            3 => Self::PowerCycle,
            _ => return None,
        })
    }
}

/// The expiration flags that exist: a bit for each use.
pub(super) const FLAGS: u8 = 0x3e;

const DONT_LOG: u8 = 0x80;

impl WatchdogSettings {
    /// The six bytes that both commands have, with bit 6 of the first and the flags, which mean
    /// something else in each.
    pub(super) fn encode(&self, bit6: bool, flags: u8, out: &mut Vec<u8>) {
        let log = if self.dont_log { DONT_LOG } else { 0 };
        out.extend([
            log | (u8::from(bit6) << 6) | self.timer_use.number(),
            (self.interrupt.number() << 4) | self.action.number(),
            self.pre_timeout,
            flags & FLAGS,
        ]);
        out.extend(self.initial.to_le_bytes());
    }

    pub(super) fn decode(r: &mut Reader<'_>) -> Result<(Self, bool, u8), DecodeError> {
        let invalid = |field, value: u8| DecodeError::Invalid { field, value: value.into() };
        let first = r.u8("timer use")?;
        let actions = r.u8("timer actions")?;
        let pre_timeout = r.u8("pre-timeout interval")?;
        let flags = r.u8("timer use expiration flags")? & FLAGS;
        let initial = r.u16("initial countdown value")?;
        let (interrupt, action) = ((actions >> 4) & 7, actions & 7);
        let settings = Self {
            timer_use: TimerUse::from_number(first),
            dont_log: first & DONT_LOG != 0,
            interrupt: PreTimeoutInterrupt::from_number(interrupt)
                .ok_or(invalid("pre-timeout interrupt", interrupt))?,
            action: TimeoutAction::from_number(action).ok_or(invalid("timeout action", action))?,
            pre_timeout,
            initial,
        };
        Ok((settings, first & 0x40 != 0, flags))
    }
}
