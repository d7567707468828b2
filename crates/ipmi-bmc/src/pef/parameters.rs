//! The values of the PEF configuration parameters. IPMI v2.0 §30.4, Table 30-6.

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::cmd::sensor::{
    AlertPolicy, AlertStringBlock, AlertStringKeys, EventFilter, FilterConfiguration, FilterKind,
    PefActions, PefControl, PefParameter, PetGuid,
};

use super::factory;
use crate::dispatch::Outcome;
use crate::lan::{READ_ONLY, UNSUPPORTED};

/// How many event filters there are.
pub(crate) const FILTERS: u8 = 20;
/// How many entries the alert policy table has.
const POLICIES: u8 = 8;
/// How many alert strings there are, beside the volatile one.
const STRINGS: u8 = 4;
/// How many blocks each of them has: FreeIPMI reads as many.
const BLOCKS: usize = 4;
/// Bytes of a string.
const LENGTH: usize = BLOCKS * AlertStringBlock::LEN;
/// A number that there is not, or a value that cannot be.
const BAD: CompletionCode = CompletionCode::PARAMETER_OUT_OF_RANGE;

/// The values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) control: PefControl,
    pub(super) actions: PefActions,
    pub(super) startup_delay: u8,
    alert_startup_delay: u8,
    pub(super) filters: Vec<EventFilter>,
    policies: Vec<AlertPolicy>,
    guid: PetGuid,
    strings: Vec<AlertString>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct AlertString {
    keys: AlertStringKeys,
    text: [u8; LENGTH],
}

impl AlertString {
    const fn empty(selector: u8) -> Self {
        Self { keys: AlertStringKeys { selector, filter: 0, set: 0 }, text: [0; LENGTH] }
    }
}

impl Parameters {
    /// The values of a BMC that nobody has told anything.
    pub(super) fn delivered() -> Self {
        let mut filters: Vec<_> = factory::filters().collect();
        let next = u8::try_from(filters.len()).unwrap_or(u8::MAX).saturating_add(1);
        filters.extend(
            (next..=FILTERS).map(|number| EventFilter { number, ..EventFilter::default() }),
        );
        Self {
            control: PefControl::default(),
            actions: super::ACTIONS,
            startup_delay: 60,
            alert_startup_delay: 60,
            filters,
            policies: (1..=POLICIES).map(factory::policy).collect(),
            guid: PetGuid { used: false, guid: Guid([0; 16]) },
            strings: (0..=STRINGS).map(AlertString::empty).collect(),
        }
    }

    /// String 0 is for the software that is at it now.
    pub(super) const fn is_volatile(parameter: &PefParameter) -> bool {
        matches!(parameter.selector(), 12 | 13) && parameter.set() == 0
    }

    /// Whether there is something that is not kept.
    pub(super) fn has_volatile(&self) -> bool {
        self.strings.first().is_some_and(|string| *string != AlertString::empty(0))
    }

    /// Forgets what is not kept.
    pub(super) fn forget_volatile(&mut self) {
        if let Some(string) = self.strings.first_mut() {
            *string = AlertString::empty(0);
        }
    }

    /// A parameter.
    ///
    /// # Errors
    /// 80h if there is none, C9h for a number that there is not of it.
    pub(super) fn get(&self, selector: u8, set: u8, block: u8) -> Outcome<PefParameter> {
        Ok(match selector {
            1 => PefParameter::Control(self.control),
            2 => PefParameter::ActionGlobalControl(self.actions),
            3 => PefParameter::StartupDelay(self.startup_delay),
            4 => PefParameter::AlertStartupDelay(self.alert_startup_delay),
            5 => PefParameter::FilterCount(FILTERS),
            6 => PefParameter::Filter(*numbered(&self.filters, set)?),
            7 => PefParameter::FilterData1 {
                number: set,
                configuration: numbered(&self.filters, set)?.configuration,
            },
            8 => PefParameter::PolicyCount(POLICIES),
            9 => PefParameter::Policy(*numbered(&self.policies, set)?),
            10 => PefParameter::Guid(self.guid),
            11 => PefParameter::StringCount(STRINGS),
            12 => PefParameter::StringKeys(self.strings.get(usize::from(set)).ok_or(BAD)?.keys),
            13 => {
                let string = self.strings.get(usize::from(set)).ok_or(BAD)?;
                let mut blocks = string.text.chunks(AlertStringBlock::LEN);
                let index = usize::from(block).checked_sub(1).ok_or(BAD)?;
                let data = blocks.nth(index).ok_or(BAD)?.to_vec();
                PefParameter::String(AlertStringBlock { selector: set, block, data })
            }
            // It is in no group.
            14 => PefParameter::GroupCount(0),
            _ => return Err(UNSUPPORTED),
        })
    }

    /// Sets a parameter; what holds then, as a parameter that has all of it.
    ///
    /// # Errors
    /// 80h if there is none, 82h if it cannot be written, C9h for a number that there is not of it, or
    /// a value that cannot be.
    pub(super) fn set(&mut self, parameter: &PefParameter) -> Outcome<PefParameter> {
        match parameter {
            PefParameter::Control(control) => self.control = *control,
            PefParameter::ActionGlobalControl(actions) => self.actions = *actions,
            PefParameter::StartupDelay(seconds) => self.startup_delay = *seconds,
            PefParameter::AlertStartupDelay(seconds) => self.alert_startup_delay = *seconds,
            PefParameter::Filter(filter) => {
                let own = numbered_mut(&mut self.filters, filter.number)?;
                let FilterConfiguration { enabled, kind } = filter.configuration;
                if kind != own.configuration.kind {
                    return Err(READ_ONLY);
                }
                // §17.7: of a preconfigured filter software decides whether it is in force, and
                // nothing else.
                let mut same = *own;
                same.configuration.enabled = enabled;
                if kind == FilterKind::PRECONFIGURED && same != *filter {
                    return Err(READ_ONLY);
                }
                *own = *filter;
            }
            PefParameter::FilterData1 { number, configuration } => {
                let own = numbered_mut(&mut self.filters, *number)?;
                // Whose it is stays: ipmitool 1.8.19 writes zeros there.
                own.configuration.enabled = configuration.enabled;
                return Ok(PefParameter::Filter(*own));
            }
            PefParameter::Policy(policy) => {
                *numbered_mut(&mut self.policies, policy.entry)? = *policy;
            }
            PefParameter::Guid(guid) => self.guid = *guid,
            PefParameter::StringKeys(keys) => {
                let string = self.strings.get_mut(usize::from(keys.selector)).ok_or(BAD)?;
                string.keys = *keys;
            }
            PefParameter::String(AlertStringBlock { selector, block, data }) => {
                let string = self.strings.get_mut(usize::from(*selector)).ok_or(BAD)?;
                let mut blocks = string.text.chunks_mut(AlertStringBlock::LEN);
                let index = usize::from(*block).checked_sub(1).ok_or(BAD)?;
                let place = blocks.nth(index).ok_or(BAD)?;
                place.fill(0);
                place.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
            }
            PefParameter::FilterCount(_)
            | PefParameter::PolicyCount(_)
            | PefParameter::StringCount(_)
            | PefParameter::GroupCount(_) => return Err(READ_ONLY),
            PefParameter::SetInProgress(_)
            | PefParameter::Group(_)
            | PefParameter::Other { .. } => return Err(UNSUPPORTED),
        }
        Ok(parameter.clone())
    }
}

fn numbered<T>(list: &[T], number: u8) -> Outcome<&T> {
    usize::from(number).checked_sub(1).and_then(|index| list.get(index)).ok_or(BAD)
}

fn numbered_mut<T>(list: &mut [T], number: u8) -> Outcome<&mut T> {
    usize::from(number).checked_sub(1).and_then(|index| list.get_mut(index)).ok_or(BAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preconfigured_filter_can_be_enabled_and_disabled_and_nothing_else() {
        let mut values = Parameters::delivered();
        let Ok(PefParameter::Filter(mut filter)) = values.get(6, 1, 0) else { panic!() };
        filter.configuration.enabled = false;
        values.set(&PefParameter::Filter(filter)).unwrap();
        assert_eq!(values.get(6, 1, 0), Ok(PefParameter::Filter(filter)));
        filter.severity = 1;
        assert_eq!(values.set(&PefParameter::Filter(filter)), Err(READ_ONLY));
        // As ipmitool writes it.
        let configuration = FilterConfiguration::from_bits(0x80);
        let whole = values.set(&PefParameter::FilterData1 { number: 1, configuration }).unwrap();
        assert_eq!(values.get(6, 1, 0), Ok(whole));
        let Ok(PefParameter::FilterData1 { configuration, .. }) = values.get(7, 1, 0) else {
            panic!()
        };
        assert_eq!(configuration.bits(), 0xc0);
    }

    #[test]
    fn numbers_begin_at_one_and_end() {
        let values = Parameters::delivered();
        for (selector, last) in [(6, FILTERS), (7, FILTERS), (9, POLICIES)] {
            assert_eq!(values.get(selector, 0, 0), Err(BAD));
            assert_eq!(values.get(selector, 1, 0).unwrap().set(), 1);
            assert_eq!(values.get(selector, last, 0).unwrap().set(), last);
            assert_eq!(values.get(selector, last + 1, 0), Err(BAD));
        }
        // Strings but the volatile one; their blocks do, too.
        assert!(values.get(12, 0, 0).is_ok() && values.get(12, STRINGS + 1, 0) == Err(BAD));
        assert_eq!(
            [0, 1, 4, 5].map(|block| values.get(13, 1, block).is_ok()),
            [false, true, true, false]
        );
        assert_eq!(values.get(15, 1, 0), Err(UNSUPPORTED));
    }
}
