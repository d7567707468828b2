//! The Data Center Manageability Interface: power statistics and limits, thermal limits, names.
//!
//! Pure, as all of the controller: a power meter that is read about once a second, limits that are
//! looked at each time, and settings that are kept. What is to be done about a limit that is passed
//! is for whoever has the machine: see [`Dcmi::poll`].

mod meter;
mod text;
mod thermal;
mod watch;

use std::time::{Duration, Instant};

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::dcmi::{
    AveragePeriod, ConfigurationParameter, DiscoveryConfiguration, ExceptionAction, GetPowerLimit,
    PowerLimit, PowerReading, SetDcmiConfigurationParameters, SetPowerLimit,
};
use ipmi_wire::cmd::transport::MacAddress;

use crate::dispatch::Outcome;
use crate::nvram::{Journal, KeptDcmi, setting};
use crate::platform::Platform;
use meter::Meter;
pub(crate) use text::{Identifier, Tag};
pub(crate) use thermal::ThermalLimits;
use watch::Watch;

/// Everything of DCMI that is not read from elsewhere.
#[derive(Debug)]
pub(crate) struct Dcmi {
    meter: Meter,
    limit: PowerLimit,
    active: bool,
    watch: Watch,
    pub(crate) thermal: ThermalLimits,
    pub(crate) tag: Tag,
    pub(crate) identifier: Identifier,
    discovery: DiscoveryConfiguration,
    initial_timeout: u8,
    contact_timeout: u16,
    contact_retry: u16,
}

/// A limit that has been passed for longer than is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    /// The machine goes off.
    pub(crate) power_off: bool,
    /// Of a temperature, its sensor's number; else it is about power.
    pub(crate) sensor: Option<u8>,
}

/// The periods that enhanced power statistics are averaged over: seconds, minutes, an hour.
pub(crate) const PERIODS: [AveragePeriod; 7] = [
    AveragePeriod(0x05),
    AveragePeriod(0x0f),
    AveragePeriod(0x1e),
    AveragePeriod(0x41),
    AveragePeriod(0x4f),
    AveragePeriod(0x5e),
    AveragePeriod(0x81),
];

/// What holds before anybody has set a limit.
const DELIVERED: PowerLimit = PowerLimit {
    action: ExceptionAction::None,
    watts: 0,
    correction_ms: 6000,
    sampling_seconds: 60,
};
/// The machine is measured once a second, so that nothing can be judged faster.
const CORRECTION_MS: std::ops::RangeInclusive<u32> = 1000..=600_000;
/// For as long as readings are kept.
const SAMPLING_SECONDS: std::ops::RangeInclusive<u16> = 1..=3600;

impl Dcmi {
    /// What was kept, or as delivered.
    pub(crate) fn new(now: Instant, kept: &KeptDcmi, mac: MacAddress) -> Self {
        let (limit, active) = kept.power_limit.unwrap_or((DELIVERED, false));
        let mut dcmi = Self {
            meter: Meter::new(now),
            limit,
            active,
            watch: Watch::default(),
            thermal: ThermalLimits::new(&kept.thermal_limits),
            tag: Tag::new(kept.asset_tag.as_deref().unwrap_or_default()),
            identifier: Identifier::new(kept.identifier.as_deref(), mac),
            discovery: DiscoveryConfiguration::default(),
            // DCMI v1.5 Table 6-4: four seconds, two minutes, 64 seconds.
            initial_timeout: 4,
            contact_timeout: 120,
            contact_retry: 64,
        };
        for parameter in &kept.configuration {
            // What was taken once is taken again.
            let _ = dcmi.take(parameter);
        }
        dcmi
    }

    /// That of another BMC of the make: nothing of this one is on its machine.
    pub(crate) fn sibling(now: Instant, mac: MacAddress) -> Self {
        Self::new(now, &KeptDcmi::default(), mac)
    }

    /// What a reset of the controller does: it has measured nothing, and what half came is gone.
    pub(crate) fn reset(&mut self, now: Instant) {
        self.meter = Meter::new(now);
        self.watch = Watch::default();
        self.identifier.reset();
        self.thermal.reset();
    }

    /// Has the platform hold the limit, at a start.
    pub(crate) fn apply(&self, now: Instant, platform: &mut dyn Platform) {
        platform.limit_power(now, self.active.then_some(self.limit.watts));
    }

    /// Measures what is due.
    pub(crate) fn advance(&mut self, now: Instant, platform: &mut dyn Platform) {
        let limit = (self.active && self.limit.watts > 0).then_some(self.limit);
        let watch = &mut self.watch;
        self.meter.advance(now, platform, |at, watts, on| {
            // What nobody knows is not above anything, and what was before it is over.
            let above =
                limit.is_some_and(|limit| on && watts.is_some_and(|watts| watts > limit.watts));
            let allowed = limit.map_or(0, |limit| limit.correction_ms);
            watch.look(at, above, Duration::from_millis(allowed.into()));
        });
    }

    /// When [`advance`](Self::advance) next has something to do.
    ///
    /// A machine that is not measured wakes nobody: should it ever be, the next look finds out.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        if self.measures_power() { self.meter.due() } else { self.poll_timeout_asleep() }
    }

    /// The same, of a controller that nobody asks: only what has to be acted upon.
    pub(crate) fn poll_timeout_asleep(&self) -> Option<Instant> {
        let acts = self.active && self.limit.action != ExceptionAction::None;
        if acts || self.thermal.act() { self.meter.due() } else { None }
    }

    /// What is to be done about limits, one after the other.
    pub(crate) fn poll(&mut self) -> Option<Passed> {
        if let Some((sensor, power_off)) = self.thermal.poll() {
            return Some(Passed { power_off, sensor: Some(sensor) });
        }
        if !self.watch.poll() {
            return None;
        }
        match self.limit.action {
            ExceptionAction::None | ExceptionAction::Other(_) => None,
            // A machine that complies by now stays on.
            ExceptionAction::PowerOff => {
                Some(Passed { power_off: self.watch.is_above(), sensor: None })
            }
            ExceptionAction::Log => Some(Passed { power_off: false, sensor: None }),
        }
    }

    /// Whether the machine's power is known.
    pub(crate) const fn measures_power(&self) -> bool {
        self.meter.current().is_some()
    }

    /// Get Power Reading, over this period or the one that was set.
    ///
    /// # Errors
    /// CCh for a period that is not kept.
    pub(crate) fn reading(
        &self,
        now: Instant,
        timestamp: u32,
        period: Option<AveragePeriod>,
    ) -> Outcome<PowerReading> {
        let (seconds, told) = match period {
            None => {
                let seconds = u32::from(self.limit.sampling_seconds);
                (seconds, seconds.saturating_mul(1000))
            }
            // ipmitool 1.8.19 takes the period's own code for its name here.
            Some(period) if PERIODS.contains(&period) => (period.seconds(), period.0.into()),
            Some(_) => return Err(CompletionCode::INVALID_DATA_FIELD),
        };
        // A machine that nobody measures: no reading, and zeros for what there is none of.
        let Some((current, statistics)) =
            self.meter.current().zip(self.meter.statistics(now, seconds))
        else {
            return Ok(PowerReading { timestamp, ..PowerReading::default() });
        };
        let (minimum, maximum, average) = statistics;
        Ok(PowerReading {
            current,
            minimum,
            maximum,
            average,
            timestamp,
            period: told,
            active: true,
        })
    }

    /// Get Power Limit: the completion code, and the limit in any case.
    pub(crate) const fn power_limit(&self) -> (CompletionCode, PowerLimit) {
        let code = if self.active { CompletionCode::OK } else { GetPowerLimit::NOT_ACTIVE };
        (code, self.limit)
    }

    /// Set Power Limit. While it is active, it holds at once.
    ///
    /// # Errors
    /// 84h, 85h and 89h for what is out of range, CCh for an action that there is not.
    pub(crate) fn set_power_limit(
        &mut self,
        now: Instant,
        limit: PowerLimit,
        platform: &mut dyn Platform,
        journal: &mut Journal,
    ) -> Outcome<()> {
        if let ExceptionAction::Other(_) = limit.action {
            return Err(CompletionCode::INVALID_DATA_FIELD);
        }
        // ipmitool sets one after the other, so the first comes without watts.
        if limit.watts == 0 && self.active {
            return Err(SetPowerLimit::LIMIT_OUT_OF_RANGE);
        }
        if !CORRECTION_MS.contains(&limit.correction_ms) {
            return Err(SetPowerLimit::CORRECTION_OUT_OF_RANGE);
        }
        if !SAMPLING_SECONDS.contains(&limit.sampling_seconds) {
            return Err(SetPowerLimit::SAMPLING_OUT_OF_RANGE);
        }
        self.keep_limit(now, limit, self.active, platform, journal);
        Ok(())
    }

    /// Activate/Deactivate Power Limit.
    ///
    /// # Errors
    /// D5h if there is no limit to activate.
    pub(crate) fn activate(
        &mut self,
        now: Instant,
        active: bool,
        platform: &mut dyn Platform,
        journal: &mut Journal,
    ) -> Outcome<()> {
        if active && self.limit.watts == 0 {
            return Err(CompletionCode::NOT_SUPPORTED_IN_STATE);
        }
        self.keep_limit(now, self.limit, active, platform, journal);
        Ok(())
    }

    fn keep_limit(
        &mut self,
        now: Instant,
        limit: PowerLimit,
        active: bool,
        platform: &mut dyn Platform,
        journal: &mut Journal,
    ) {
        if (self.limit, self.active) != (limit, active) || journal.is_in_doubt() {
            (self.limit, self.active) = (limit, active);
            // From here on, the machine has its time again.
            self.watch = Watch::default();
            journal.put_bytes(setting::POWER_LIMIT, KeptDcmi::limit_bytes(limit, active));
        }
        self.apply(now, platform);
    }

    /// Get DCMI Configuration Parameters.
    ///
    /// # Errors
    /// 80h if there is no such parameter.
    pub(crate) fn parameter(&self, selector: u8) -> Outcome<ConfigurationParameter> {
        Ok(match selector {
            // It does something and is nothing: DCMI v1.5 Table 6-4.
            1 => ConfigurationParameter::ActivateDhcp(false),
            2 => ConfigurationParameter::Discovery(self.discovery),
            3 => ConfigurationParameter::InitialTimeout(self.initial_timeout),
            4 => ConfigurationParameter::ContactTimeout(self.contact_timeout),
            5 => ConfigurationParameter::ContactRetry(self.contact_retry),
            _ => return Err(SetDcmiConfigurationParameters::UNSUPPORTED),
        })
    }

    /// Set DCMI Configuration Parameters.
    ///
    /// # Errors
    /// 80h if there is no such parameter.
    pub(crate) fn set_parameter(
        &mut self,
        parameter: &ConfigurationParameter,
        journal: &mut Journal,
    ) -> Outcome<()> {
        let before = self.parameter(parameter.selector())?;
        self.take(parameter)?;
        let keeps = !matches!(parameter, ConfigurationParameter::ActivateDhcp(_));
        if keeps && (before != *parameter || journal.is_in_doubt()) {
            journal.put(setting::dcmi_parameter(parameter.selector()), parameter);
        }
        Ok(())
    }

    fn take(&mut self, parameter: &ConfigurationParameter) -> Outcome<()> {
        match *parameter {
            ConfigurationParameter::ActivateDhcp(_) => {}
            ConfigurationParameter::Discovery(discovery) => self.discovery = discovery,
            ConfigurationParameter::InitialTimeout(seconds) => self.initial_timeout = seconds,
            ConfigurationParameter::ContactTimeout(seconds) => self.contact_timeout = seconds,
            ConfigurationParameter::ContactRetry(seconds) => self.contact_retry = seconds,
            ConfigurationParameter::Other { .. } => {
                return Err(SetDcmiConfigurationParameters::UNSUPPORTED);
            }
        }
        Ok(())
    }
}
