//! The SOL configuration parameters. IPMI v2.0 §26.3, Table 26-5.
//!
//! Setting is as with the LAN parameters: see [`Staging`].

use std::time::{Duration, Instant};

use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::transport::{BitRate, SolAuthentication, SolParameter};
use ipmi_wire::{Channel, CompletionCode, Privilege};

use crate::dispatch::Outcome;
use crate::lan::{Holder, READ_ONLY, Staging, UNSUPPORTED};
use crate::nvram::{Journal, Key, Room};

/// The parameters of serial over LAN.
#[derive(Debug)]
pub(crate) struct SolConfig {
    values: Values,
    /// Whether there is a port that it could go to.
    has_port: bool,
    staging: Staging<u8, SolParameter>,
}

/// What of the parameters a line needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineParameters {
    /// For how long characters gather, or until there are how many.
    pub(crate) accumulate: (Duration, usize),
    /// How often a packet is sent again, and after what time.
    pub(crate) retry: (u8, Duration),
}

#[derive(Clone, Copy, Debug)]
struct Values {
    /// As somebody has set it; as delivered, it is on where there is a port.
    enable: Option<bool>,
    authentication: SolAuthentication,
    accumulate: (u8, u8),
    retry: (u8, u8),
    non_volatile_rate: BitRate,
    volatile_rate: BitRate,
    channel: Channel,
    port: u16,
}

/// The parameter that a start of the controller sets to the one before it.
const VOLATILE_RATE: u8 = 6;

impl SolConfig {
    /// The same parameters at another BMC, which answers at `port`.
    pub(crate) fn sibling(&self, port: u16) -> Self {
        Self {
            values: Values { port, ..self.values },
            has_port: false,
            staging: Staging::default(),
        }
    }

    /// The parameters of a BMC that starts, with what was `kept`. SOL goes over `channel`, to `port`.
    pub(crate) fn new(channel: Channel, port: u16, kept: &[SolParameter]) -> Self {
        let mut values = Values {
            enable: None,
            authentication: SolAuthentication {
                force_encryption: true,
                force_authentication: true,
                privilege: Privilege::Operator.number(),
            },
            accumulate: (12, 96),
            retry: (7, 50),
            non_volatile_rate: BitRate::B115200,
            volatile_rate: BitRate::B115200,
            channel,
            port,
        };
        for parameter in kept {
            // Of a later program with the same format: what it added does not concern this one.
            let _ = values.set(parameter);
        }
        values.volatile_rate = values.non_volatile_rate;
        Self { values, has_port: false, staging: Staging::default() }
    }

    /// Says whether there is a port.
    pub(crate) const fn set_port(&mut self, has_port: bool) {
        self.has_port = has_port;
    }

    /// Whether there is Serial over LAN.
    pub(crate) fn is_enabled(&self) -> bool {
        self.has_port && self.values.enable.unwrap_or(true)
    }

    /// What it takes.
    pub(crate) const fn authentication(&self) -> SolAuthentication {
        self.values.authentication
    }

    /// How a line is to be that is activated now.
    pub(crate) fn line(&self) -> LineParameters {
        let ((interval, threshold), (count, pause)) = (self.values.accumulate, self.values.retry);
        let units = |units: u8, each: u64| Duration::from_millis(u64::from(units) * each);
        LineParameters {
            accumulate: (units(interval, 5), threshold.max(1).into()),
            retry: (count, units(pause, 10)),
        }
    }

    /// Lets go of what nobody completes.
    pub(crate) fn prolong(&mut self, now: Instant, by: Holder) {
        self.staging.prolong(now, by);
    }

    pub(crate) fn expire(&mut self, now: Instant, is_open: impl Fn(u32) -> bool) {
        self.staging.expire(now, is_open);
    }

    /// What a reset of the controller does.
    pub(crate) fn reset(&mut self) {
        self.staging.reset();
        self.values.volatile_rate = self.values.non_volatile_rate;
    }

    /// The parameter `selector` as `by` sees it.
    pub(crate) fn get(&self, by: Holder, selector: u8) -> Outcome<SolParameter> {
        match selector {
            0 => Ok(SolParameter::SetInProgress(self.staging.state())),
            _ => self.seen(by).get(selector, self.has_port),
        }
    }

    /// Sets a parameter.
    pub(crate) fn set(
        &mut self,
        now: Instant,
        by: Holder,
        parameter: SolParameter,
        journal: &mut Journal,
    ) -> Outcome<()> {
        if let SolParameter::SetInProgress(state) = parameter {
            let written = match state {
                SetInProgress::InProgress => return self.staging.begin(now, by),
                SetInProgress::CommitWrite => self.staging.commit(now, by)?,
                SetInProgress::Complete => self.staging.complete(by)?,
            };
            return written.iter().try_for_each(|parameter| self.put(parameter, journal));
        }
        self.seen(by).set(&parameter)?;
        match self.staging.stage(now, by, parameter.selector(), parameter) {
            None => Ok(()),
            Some(parameter) => self.put(&parameter, journal),
        }
    }

    fn seen(&self, by: Holder) -> Values {
        let mut seen = self.values;
        for parameter in self.staging.of(by) {
            // It was checked when it was written.
            let _ = seen.set(parameter);
        }
        seen
    }

    fn put(&mut self, parameter: &SolParameter, journal: &mut Journal) -> Outcome<()> {
        self.values.set(parameter)?;
        let number = parameter.selector();
        if number != VOLATILE_RATE {
            journal.put(Key { room: Room::Sol, number: number.into() }, parameter);
        }
        Ok(())
    }
}

impl Values {
    fn get(&self, selector: u8, has_port: bool) -> Outcome<SolParameter> {
        Ok(match selector {
            1 => SolParameter::Enable(self.enable.unwrap_or(has_port)),
            2 => SolParameter::Authentication(self.authentication),
            3 => {
                let (interval, threshold) = self.accumulate;
                SolParameter::Accumulate { interval, threshold }
            }
            4 => {
                let (count, interval) = self.retry;
                SolParameter::Retry { count, interval }
            }
            5 => SolParameter::NonVolatileBitRate(self.non_volatile_rate),
            VOLATILE_RATE => SolParameter::VolatileBitRate(self.volatile_rate),
            7 => SolParameter::PayloadChannel(self.channel),
            8 => SolParameter::PayloadPort(self.port),
            _ => return Err(UNSUPPORTED),
        })
    }

    fn set(&mut self, parameter: &SolParameter) -> Outcome<()> {
        /// A value that cannot be.
        const BAD: CompletionCode = CompletionCode::PARAMETER_OUT_OF_RANGE;
        let rate = |rate: &BitRate| match rate.number() {
            0 | 6..=10 => Ok(*rate),
            _ => Err(BAD),
        };
        match parameter {
            SolParameter::Enable(enable) => self.enable = Some(*enable),
            SolParameter::Authentication(authentication) => {
                // User to Administrator: there is no level of the OEM's own.
                if !(2..=4).contains(&authentication.privilege) {
                    return Err(BAD);
                }
                self.authentication = *authentication;
            }
            SolParameter::Accumulate { interval: 0, .. } => return Err(BAD),
            SolParameter::Accumulate { interval, threshold } => {
                self.accumulate = (*interval, *threshold);
            }
            SolParameter::Retry { count, interval } => self.retry = (*count, *interval),
            SolParameter::NonVolatileBitRate(new) => self.non_volatile_rate = rate(new)?,
            SolParameter::VolatileBitRate(new) => self.volatile_rate = rate(new)?,
            // It is where everything else is. FreeIPMI's ipmi-config writes back what it has read.
            SolParameter::PayloadPort(port) if *port == self.port => {}
            SolParameter::PayloadChannel(_) | SolParameter::PayloadPort(_) => {
                return Err(READ_ONLY);
            }
            SolParameter::SetInProgress(_) | SolParameter::Other { .. } => {
                return Err(UNSUPPORTED);
            }
        }
        Ok(())
    }
}
