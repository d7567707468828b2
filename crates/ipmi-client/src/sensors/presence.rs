//! Which entities are there: an empty bay is no alarm.
//!
//! Sensors tell of the entity that they watch in three ways (IPMI v2.0 §39, §42 Tables 42-2 and
//! 42-3):
//!
//! * Some say that it is there, or that it is not: presence sensors (generic type 08h), entity
//!   presence sensors (type 25h), FRU states (2Ch).
//! * Some have a bit for "present" among others: power supplies, processors, memory, drives, slots,
//!   batteries. A clear bit is weaker than a word: BMCs exist that set no bit for a power supply
//!   that is in order (`research/freeipmi.md` §3.3). It counts if the sensor's record lists
//!   the bit and nothing else is set.
//! * A threshold sensor that reads something above nothing and exceeds no threshold watches a
//!   thing that is there.
//!
//! An entity is absent if somebody says so and nobody shows the opposite; what is inside of an
//! absent one (entity associations, §43.4) is absent too. Records often put presence sensors of
//! add-in parts under the system board, so an entity that answers this very question by being
//! asked (boards, chassis, firmware) is absent only if a sensor of type 25h says so.
//!
//! All sensors of an absent entity are [`Absent`](super::SensorState::Absent), whether their
//! records ask to be ignored then (§43.1, byte 12) or not: without the thing they mean nothing.

use std::collections::BTreeSet;

use ipmi_wire::lan::BMC_ADDRESS;
use ipmi_wire::sdr::{EntityId, EventReadingType, Record, SensorType};

use super::{Reading, Sensor, SensorInfo};
use crate::sdr::SdrSet;

/// An entity without regard to whether its record calls it a group.
type Place = (u8, u8);

/// Whom the sensors show to be absent.
#[derive(Debug, Default)]
pub(super) struct Absentees(BTreeSet<Place>);

/// What one sensor's reading says about its entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Present,
    /// It is not; `true` if telling so is all that the sensor is for.
    Absent(bool),
    /// Its bit for "present" is clear, and so are all others.
    NoBit,
    /// It works.
    Works,
}

impl Absentees {
    /// From everything that was read.
    pub(super) fn of(set: &SdrSet, sensors: &[Sensor]) -> Self {
        let words: Vec<(Place, Word)> = sensors
            .iter()
            .filter_map(|s| Some((place(s.info.entity), word(&s.info, &s.reading)?)))
            .collect();
        let says = |at: Place, what: Word| words.contains(&(at, what));
        let places: BTreeSet<Place> = words.iter().map(|(place, _)| *place).collect();
        let mut absent: BTreeSet<Place> = places
            .into_iter()
            .filter(|at| {
                let said = says(*at, Word::Absent(true));
                let hinted = says(*at, Word::Absent(false)) || says(*at, Word::NoBit);
                (said || (hinted && !answers_by_being_asked(*at)))
                    && !says(*at, Word::Present)
                    && !says(*at, Word::Works)
            })
            .collect();
        // Containers in containers: as often as something is added.
        loop {
            let inside: Vec<Place> = sensors
                .iter()
                .map(|sensor| place(sensor.info.entity))
                .filter(|at| !absent.contains(at))
                .filter(|at| !says(*at, Word::Present) && !says(*at, Word::Works))
                .filter(|at| containers(set, *at).iter().any(|outer| absent.contains(outer)))
                .collect();
            if inside.is_empty() {
                return Self(absent);
            }
            absent.extend(inside);
        }
    }

    /// Whether what this sensor watches is absent.
    pub(super) fn has(&self, info: &SensorInfo, reading: &Reading) -> bool {
        self.0.contains(&place(info.entity)) || matches!(word(info, reading), Some(Word::Absent(_)))
    }
}

/// The sensors whose readings may show that the entity of `about`, or one that it is in, is absent
/// or is not.
pub(super) fn witnesses<'a>(
    set: &SdrSet,
    all: &'a [SensorInfo],
    about: &SensorInfo,
) -> Vec<&'a SensorInfo> {
    let mut places = vec![place(about.entity)];
    let mut at = 0;
    while let Some(outer) = places.get(at).map(|inner| containers(set, *inner)) {
        places.extend(outer.into_iter().filter(|one| !places.contains(one)).collect::<Vec<_>>());
        at = at.saturating_add(1);
    }
    let is_one = |info: &&SensorInfo| {
        let place = place(info.entity);
        let counts = !answers_by_being_asked(place) || is_for_presence(info);
        places.contains(&place) && counts && !info.is_event_only()
    };
    all.iter().filter(is_one).collect()
}

const fn place(entity: EntityId) -> Place {
    (entity.id, entity.instance)
}

/// Entities that are there as long as a BMC answers for them, or that are no things at all.
const fn answers_by_being_asked(at: Place) -> bool {
    // Unspecified, other, unknown; management module; system board; chassis; system management
    // software, firmware, operating system; controller firmware; baseboard.
    matches!(at.0, 0x00..=0x02 | 0x06 | 0x07 | 0x17 | 0x21..=0x23 | 0x2e | 0x42)
}

fn is_for_presence(info: &SensorInfo) -> bool {
    info.event_type == EventReadingType::SENSOR_SPECIFIC
        && info.sensor_type == SensorType::ENTITY_PRESENCE
}

fn word(info: &SensorInfo, reading: &Reading) -> Option<Word> {
    let states = match reading {
        Reading::Discrete { states, .. } => *states,
        Reading::Analog { value, crossed, .. } => {
            let works = crossed.is_empty() && value.is_some_and(|value| value > 0.0);
            return works.then_some(Word::Works);
        }
        Reading::None(_) | Reading::Failed(_) => return None,
    };
    let is_set = |bit: u16| states & (1 << bit) != 0;
    let either = |present: bool, absent: bool, only: bool| match (present, absent) {
        (true, _) => Some(Word::Present),
        (false, true) => Some(Word::Absent(only)),
        (false, false) => None,
    };
    if info.event_type == EventReadingType::PRESENCE {
        return either(is_set(1), is_set(0), false);
    }
    if info.event_type != EventReadingType::SENSOR_SPECIFIC {
        return None;
    }
    let bit = match info.sensor_type {
        SensorType::ENTITY_PRESENCE => return either(is_set(0), is_set(1), true),
        SensorType::FRU_STATE => return either(states & 0xfe != 0, is_set(0), false),
        SensorType::POWER_SUPPLY | SensorType::DRIVE_SLOT => 0,
        SensorType::PROCESSOR => 7,
        SensorType::MEMORY => 6,
        SensorType::SLOT_CONNECTOR | SensorType::BATTERY => 2,
        _ => return None,
    };
    let listed = info.record.sensor().is_some_and(|s| s.reportable_states() & (1 << bit) != 0);
    match states {
        _ if is_set(bit) => Some(Word::Present),
        0 if listed => Some(Word::NoBit),
        _ => None,
    }
}

/// The entities that this one is inside of.
fn containers(set: &SdrSet, inner: Place) -> Vec<Place> {
    let entity = EntityId::new(inner.0, inner.1);
    let ours = |address: u8| address == BMC_ADDRESS || address == 0;
    set.records()
        .iter()
        .filter_map(|record| match record {
            Record::EntityAssociation(a) if a.contains(entity) => Some(place(a.container)),
            Record::DeviceRelativeEntityAssociation(a) if ours(a.container.address) => a
                .contained_ranges()
                .iter()
                .any(|(first, last)| {
                    ours(first.address)
                        && first.entity.id == entity.id
                        && (first.entity.instance..=last.entity.instance).contains(&entity.instance)
                })
                .then(|| place(a.container.entity)),
            _ => None,
        })
        .filter(|outer| *outer != inner)
        .collect()
}
