//! Several requests at a time: what a BMC can be trusted with.
//!
//! One at a time is what every BMC can do; some mix their answers up when they are given more
//! (`research/fleet.md` §3). Records say which they are, so they are asked for abreast wherever they
//! can be told. A sensor's reading says nothing: it may go abreast only where the BMC has shown that
//! it does not mix, or where the administrator says so, and even then some are looked at again.

use futures_util::future::join_all;
use ipmi_session::console::{Call, Priority};
use ipmi_wire::cmd::sensor::{GetSensorReading, SensorReading};
use ipmi_wire::{Command, NetFn, Request, Response};

use crate::bmc::Bmc;
use crate::error::Error;
use crate::sensors::SensorInfo;

/// How many requests may be in flight to a BMC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Window {
    /// As many as the BMC has proven to cope with.
    #[default]
    Auto,
    /// Up to so many, for readings as well; one is the most careful.
    UpTo(u8),
}

/// What is known of a BMC that is given several requests at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Trust {
    /// Nothing.
    #[default]
    Unknown,
    /// Its answers were the same as one at a time.
    Sound,
    /// It has given the answer to another request.
    Mixes,
}

impl Trust {
    /// As one byte, for files.
    pub(crate) const fn to_byte(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Sound => 1,
            Self::Mixes => 2,
        }
    }

    pub(crate) const fn from_byte(byte: u8) -> Self {
        match byte {
            1 => Self::Sound,
            2 => Self::Mixes,
            _ => Self::Unknown,
        }
    }
}

/// As many as a session ever has in flight, if the administrator says so.
const MOST: u8 = 16;
/// As many as nobody has to ask for: most of what there is to gain, and half of what could be lost.
const USUAL: u8 = 8;
/// Calls that are queued at a time: each has its limit of time from then on.
pub(crate) const BATCH: usize = 32;
/// Sensors that are read both ways to find out whether a BMC mixes them up.
const PROBES: usize = 16;
/// Readings that are looked at again, one at a time, where the administrator vouches for the BMC.
const CHECKS: usize = 4;
/// Probes that all read the same prove nothing.
const DISTINCT: usize = 4;
/// What is measured may have moved by so many counts meanwhile.
const MOVED: u8 = 4;

impl Bmc {
    /// How many requests for records, which say which they are, may be in flight.
    pub(crate) fn records_abreast(&self) -> u8 {
        match (self.trust(), self.window()) {
            (Trust::Mixes, _) => 1,
            (_, Window::Auto) => USUAL,
            (_, Window::UpTo(most)) => most.clamp(1, MOST),
        }
    }

    /// How many requests whose answers do not say what they are about may be in flight.
    pub(crate) fn readings_abreast(&self) -> u8 {
        match (self.trust(), self.window()) {
            (Trust::Mixes, _) | (Trust::Unknown, Window::Auto) => 1,
            (Trust::Sound, Window::Auto) => USUAL,
            (_, Window::UpTo(most)) => most.clamp(1, MOST),
        }
    }

    /// In the BMC's own machine the kernel asks one thing at a time, whatever is in its queue, and
    /// numbers what it asks: nothing can be mixed up there.
    pub(crate) fn trust(&self) -> Trust {
        match self.is_local() && self.route().is_none() {
            true => Trust::Sound,
            false => self.memory().sizes.trust,
        }
    }

    fn learn_trust(&self, trust: Trust) {
        let mut memory = self.memory();
        memory.sizes.trust = trust;
        memory.unsaved = true;
    }

    /// The BMC has given the answer to another request: from now on it is asked one thing at a time.
    pub(crate) fn distrust(&self, what: &'static str) {
        tracing::warn!(bmc = %self.location(), "answers are mixed up when several {what} are asked for at once");
        self.learn_trust(Trust::Mixes);
    }

    /// The answers to requests that only read, in their order, asked for several at a time; `None`
    /// for those that came to nothing. Nothing is asked, and nothing comes, unless the BMC has shown
    /// that it does not mix its answers up.
    pub async fn read_ahead(&self, requests: &[Request]) -> Vec<Option<Response>> {
        let abreast = self.readings_abreast();
        if abreast < 2 || self.trust() != Trust::Sound {
            return Vec::new();
        }
        let mut answers = Vec::with_capacity(requests.len());
        for batch in requests.chunks(BATCH) {
            let asked = batch.iter().map(|request| self.send_raw_abreast(request.clone(), abreast));
            answers.extend(join_all(asked).await.into_iter().map(Result::ok));
        }
        answers
    }

    /// The readings of sensors, in their order, as many at a time as may be.
    pub(crate) async fn readings(
        &self,
        infos: &[&SensorInfo],
        abreast: u8,
    ) -> Vec<Result<SensorReading, Error>> {
        let mut readings = Vec::with_capacity(infos.len());
        for batch in infos.chunks(BATCH) {
            let asked = batch.iter().map(|info| async move {
                let command = GetSensorReading { number: info.key.number };
                self.send_abreast(info.key.lun(), &command, abreast).await
            });
            readings.extend(join_all(asked).await);
        }
        readings
    }

    /// Whether readings that came abreast are what the BMC says when asked for one thing at a time.
    /// If not, that is remembered.
    pub(crate) async fn check_readings(
        &self,
        infos: &[&SensorInfo],
        readings: &[Result<SensorReading, Error>],
    ) -> Result<bool, Error> {
        let good =
            infos.iter().zip(readings).filter_map(|(info, r)| Some((*info, r.as_ref().ok()?)));
        let good: Vec<_> = good.collect();
        let step = good.len().div_ceil(CHECKS).max(1);
        // The first one was asked for when nothing else was in flight.
        for (info, abreast) in good.into_iter().skip(1).step_by(step) {
            if !self.is_confirmed(info, abreast).await? {
                self.distrust("sensors");
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Finds out whether the BMC mixes up readings: sensors that were read one at a time just now
    /// are read again, abreast.
    pub(crate) async fn probe(&self, known: &[(&SensorInfo, SensorReading)]) -> Result<(), Error> {
        let chosen = probes(known);
        let mut values: Vec<_> =
            chosen.iter().map(|(_, reading)| reading.raw / (2 * MOVED)).collect();
        values.sort_unstable();
        values.dedup();
        if values.len() < DISTINCT {
            return Ok(());
        }
        let infos: Vec<_> = chosen.iter().map(|(info, _)| *info).collect();
        let again = self.readings(&infos, USUAL).await;
        for ((info, alone), abreast) in chosen.into_iter().zip(again) {
            let abreast = match abreast {
                Ok(reading) => reading,
                // Whatever the reason: not yet.
                Err(error) if error.completion().is_some() => return Ok(()),
                Err(error) => return Err(error),
            };
            if !agree(alone, &abreast) && !self.is_confirmed(info, &abreast).await? {
                self.distrust("sensors");
                return Ok(());
            }
        }
        tracing::info!(bmc = %self.location(), "sensors may be read several at a time");
        self.learn_trust(Trust::Sound);
        Ok(())
    }

    /// Whether the sensor says the same when it is asked alone.
    async fn is_confirmed(
        &self,
        info: &SensorInfo,
        reading: &SensorReading,
    ) -> Result<bool, Error> {
        let command = GetSensorReading { number: info.key.number };
        match self.send_until_free(info.key.lun(), &command).await {
            Ok(alone) => Ok(agree(reading, &alone)),
            Err(error) if error.completion().is_some() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Of all that is known, some, in an order in which no two that read the same are neighbours if that
/// can be.
fn probes<'a, 'b>(
    known: &'b [(&'a SensorInfo, SensorReading)],
) -> Vec<&'b (&'a SensorInfo, SensorReading)> {
    let mut sorted: Vec<_> = known.iter().collect();
    sorted.sort_by_key(|(_, reading)| reading.raw);
    let step = sorted.len().div_ceil(PROBES).max(1);
    let chosen: Vec<_> = sorted.into_iter().step_by(step).collect();
    let (low, high) = chosen.split_at(chosen.len() / 2);
    let pairs = high.iter().zip(low.iter().map(Some).chain(std::iter::repeat(None)));
    pairs.flat_map(|(high, low)| [Some(high), low]).flatten().copied().collect()
}

/// Whether two readings may be of the same sensor, one shortly after the other.
fn agree(one: &SensorReading, other: &SensorReading) -> bool {
    let usable = |reading: &SensorReading| (reading.unavailable, reading.scanning_enabled);
    usable(one) == usable(other) && (!one.is_valid() || one.raw.abs_diff(other.raw) <= MOVED)
}

/// What goes first when several things wait for the same BMC.
pub(crate) const fn priority_of<C: Command>() -> Priority {
    match (C::ID.netfn, C::ID.cmd) {
        (NetFn::Chassis, _) => Priority::Power,
        // The log's commands are 40h and up (IPMI v2.0 §31).
        (NetFn::Storage, 0x40..) => Priority::Log,
        (NetFn::Storage | NetFn::SensorEvent, _) => Priority::Sweep,
        _ => Priority::Ordinary,
    }
}

/// The call of a command, with the priority that it has for people.
pub(crate) fn call_of<C: Command>(command: &C) -> Call {
    Call::of(command).with_priority(priority_of::<C>())
}
