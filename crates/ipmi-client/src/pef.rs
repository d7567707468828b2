//! Platform Event Filtering: what a BMC does by itself about events, and how far it has got.
//!
//! A BMC that has none says so in one of several ways: see [`Error::is_without_pef`].

use std::collections::BTreeMap;

use ipmi_wire::cmd::app::{ChannelMedium, GetSystemGuid, Guid};
use ipmi_wire::cmd::sensor::{
    AlertPolicy, AlertStringBlock, AlertStringKeys, ArmPefPostponeTimer, EventFilter,
    FilterConfiguration, GetLastProcessedEventId, GetPefCapabilities,
    GetPefConfigurationParameters, LastProcessedEventId, PefActions, PefCapabilities, PefControl,
    PefParameter, PetGuid, SetPefConfigurationParameters,
};
use ipmi_wire::cmd::transport::{DestinationAddress, DestinationType, LanParameter};
use ipmi_wire::{Channel, Command, CompletionCode};

use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};
use crate::lan::{Absent, Known, Place};
use crate::written::{Told, Written, told};

/// What a BMC has of PEF.
#[derive(Debug)]
pub struct PefInfo {
    /// Version, actions, number of filters.
    pub capabilities: PefCapabilities,
    /// How many entries the alert policy table has.
    pub policies: Told<u8>,
    /// How many alert strings there are, beside the volatile one.
    pub strings: Told<u8>,
    /// How many entries the group control table has.
    pub groups: Told<u8>,
    /// The GUID that traps carry, if it is one of their own.
    pub pet_guid: Told<PetGuid>,
    /// The system's GUID, which they carry else; `None` if it was not asked for.
    pub system_guid: Option<Told<Guid>>,
}

impl PefInfo {
    /// The GUID that traps carry, as far as it is known.
    #[must_use]
    pub fn guid(&self) -> Option<Guid> {
        match (&self.pet_guid, &self.system_guid) {
            (Ok(PetGuid { used: true, guid }), _) | (_, Some(Ok(guid))) => Some(*guid),
            _ => None,
        }
    }
}

/// What PEF is about at present.
#[derive(Debug)]
pub struct PefStatus {
    /// PEF as a whole.
    pub control: Told<PefControl>,
    /// The actions that are enabled.
    pub actions: Told<PefActions>,
    /// Seconds without filtering after a start of the machine.
    pub startup_delay: Told<u8>,
    /// Seconds without alerts after a start of the machine.
    pub alert_startup_delay: Told<u8>,
    /// What is left of the postpone timer, in seconds; 0 is disarmed, FEh without end.
    pub postponed: Told<u8>,
    /// How far events have been seen to.
    pub processed: Told<LastProcessedEventId>,
}

/// An entry of the alert policy table, and where it leads.
#[derive(Debug)]
pub struct PolicyEntry {
    /// The entry.
    pub policy: AlertPolicy,
    /// What kind of channel it names.
    pub medium: Told<ChannelMedium>,
    /// The destination, if the channel is a LAN.
    pub destination: Option<LanDestination>,
}

/// A LAN channel's alert destination.
#[derive(Clone, Debug)]
pub struct LanDestination {
    /// How an alert is sent there.
    pub kind: Known<DestinationType>,
    /// Where that is.
    pub address: Known<DestinationAddress>,
    /// The community of traps.
    pub community: Known<[u8; 18]>,
}

/// An alert string.
#[derive(Debug)]
pub struct AlertString {
    /// Its number, from 1.
    pub selector: u8,
    /// What it is found by.
    pub keys: Told<AlertStringKeys>,
    /// Its bytes, without the zero at its end.
    pub text: Told<Vec<u8>>,
}

/// One of a set that is read one by one, by its number.
pub type Numbered<T> = (u8, Told<T>);

/// Blocks of an alert string that are read at most.
const BLOCKS: u8 = 16;

impl Bmc {
    /// What a BMC has of PEF.
    ///
    /// # Errors
    /// As [`Bmc::send`]; see [`Error::is_without_pef`].
    pub async fn pef_info(&self) -> Result<PefInfo, Error> {
        let capabilities = self.send(&GetPefCapabilities).await?;
        let policies = told(self.policy_count().await)?;
        let strings = told(self.string_count().await)?;
        let groups = told(self.pef_parameter(14, 0, 0, count).await)?;
        let pet_guid = told(
            self.pef_parameter(10, 0, 0, |parameter| match parameter {
                PefParameter::Guid(guid) => Some(guid),
                _ => None,
            })
            .await,
        )?;
        let is_own = pet_guid.as_ref().is_ok_and(|guid| guid.used);
        let system_guid = match is_own {
            true => None,
            false => Some(told(self.send(&GetSystemGuid).await)?),
        };
        Ok(PefInfo { capabilities, policies, strings, groups, pet_guid, system_guid })
    }

    /// What PEF is about at present. What the BMC does not tell has its reason there.
    ///
    /// # Errors
    /// As [`Bmc::send`]; the BMC's refusal if it has no PEF at all.
    pub async fn pef_status(&self) -> Result<PefStatus, Error> {
        let control = self
            .pef_parameter(1, 0, 0, |parameter| match parameter {
                PefParameter::Control(control) => Some(control),
                _ => None,
            })
            .await;
        // One that knows no command of these knows none of them.
        let control = match control {
            Err(error) if error.is_without_pef() => return Err(error),
            control => told(control)?,
        };
        let actions = self.pef_parameter(2, 0, 0, |parameter| match parameter {
            PefParameter::ActionGlobalControl(actions) => Some(actions),
            _ => None,
        });
        Ok(PefStatus {
            control,
            actions: told(actions.await)?,
            startup_delay: told(self.pef_parameter(3, 0, 0, count).await)?,
            alert_startup_delay: told(self.pef_parameter(4, 0, 0, count).await)?,
            postponed: told(self.send(&ArmPefPostponeTimer::Get).await)?.map(|timer| timer.present),
            processed: told(self.send(&GetLastProcessedEventId).await)?,
        })
    }

    /// All event filters.
    ///
    /// # Errors
    /// As [`Bmc::send`]; see [`Error::is_without_pef`].
    pub async fn pef_filters(&self) -> Result<Vec<Numbered<EventFilter>>, Error> {
        let count = self.send(&GetPefCapabilities).await?.filters;
        let mut filters = Vec::new();
        for number in 1..=count {
            filters.push((number, told(self.pef_filter(number).await)?));
        }
        Ok(filters)
    }

    /// Puts an event filter in force, or out of it, and reads it back.
    ///
    /// # Errors
    /// [`ErrorKind::NotPossible`] if there is none of that number; else as [`Bmc::send`].
    pub async fn enable_pef_filter(
        &self,
        number: u8,
        enabled: bool,
    ) -> Result<Written<FilterConfiguration>, Error> {
        let count = self.send(&GetPefCapabilities).await?.filters;
        self.is_numbered("event filters", number, count)?;
        let read = async || {
            self.pef_parameter(7, number, 0, |parameter| match parameter {
                PefParameter::FilterData1 { number: told, configuration } if told == number => {
                    Some(configuration)
                }
                _ => None,
            })
            .await
        };
        let before = read().await?;
        let asked = FilterConfiguration { enabled, ..before };
        let parameter = PefParameter::FilterData1 { number, configuration: asked };
        let request = SetPefConfigurationParameters { parameter };
        let write = async || self.send(&request).await.map(drop);
        self.write_and_read(asked, Some(before), write, read).await
    }

    /// The alert policy table, and where its entries lead.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn pef_policies(&self) -> Result<Vec<Numbered<PolicyEntry>>, Error> {
        let count = self.policy_count().await?;
        let mut policies = Vec::new();
        let mut seen = Seen::default();
        for number in 1..=count {
            let policy = told(self.pef_policy(number).await)?;
            let entry = match policy {
                Ok(policy) => Ok(self.resolve(policy, &mut seen).await?),
                Err(error) => Err(error),
            };
            policies.push((number, entry));
        }
        Ok(policies)
    }

    /// Puts an entry of the alert policy table in force, or out of it, and reads it back.
    ///
    /// # Errors
    /// [`ErrorKind::NotPossible`] if there is none of that number; else as [`Bmc::send`].
    pub async fn enable_pef_policy(
        &self,
        number: u8,
        enabled: bool,
    ) -> Result<Written<AlertPolicy>, Error> {
        let count = self.policy_count().await?;
        self.is_numbered("alert policy entries", number, count)?;
        let before = self.pef_policy(number).await?;
        // Some BMCs take all of an entry or nothing.
        let asked = AlertPolicy { enabled, ..before };
        let request = SetPefConfigurationParameters { parameter: PefParameter::Policy(asked) };
        let write = async || self.send(&request).await.map(drop);
        let read = async || self.pef_policy(number).await;
        self.write_and_read(asked, Some(before), write, read).await
    }

    /// All alert strings but the volatile one.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn alert_strings(&self) -> Result<Vec<AlertString>, Error> {
        let count = self.string_count().await?;
        let mut strings = Vec::new();
        for selector in 1..=count {
            let keys = self.pef_parameter(12, selector, 0, |parameter| match parameter {
                PefParameter::StringKeys(keys) => Some(keys),
                _ => None,
            });
            let keys = told(keys.await)?;
            let text = told(self.alert_string(selector).await)?;
            strings.push(AlertString { selector, keys, text });
        }
        Ok(strings)
    }

    async fn alert_string(&self, selector: u8) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        for block in 1..=BLOCKS {
            let piece = self.pef_parameter(13, selector, block, |parameter| match parameter {
                PefParameter::String(AlertStringBlock { data, .. }) => Some(data),
                _ => None,
            });
            let data = match piece.await {
                Ok(data) => data,
                // It ends with the last block that there is.
                Err(error) if block > 1 && error.is_answer() => break,
                Err(error) => return Err(error),
            };
            let end = data.iter().position(|byte| *byte == 0);
            text.extend_from_slice(data.get(..end.unwrap_or(data.len())).unwrap_or_default());
            if end.is_some() || data.len() < AlertStringBlock::LEN {
                break;
            }
        }
        Ok(text)
    }

    async fn resolve(&self, policy: AlertPolicy, seen: &mut Seen) -> Result<PolicyEntry, Error> {
        let channel = policy.channel;
        let medium = match seen.media.get(&channel.number()) {
            Some(medium) => Ok(*medium),
            None => told(self.channel_info(channel).await)?.map(|info| info.medium),
        };
        if let Ok(medium) = medium {
            seen.media.insert(channel.number(), medium);
        }
        let destination = match medium {
            Ok(ChannelMedium::LAN) => {
                Some(self.lan_destination(channel, policy.destination, seen).await?)
            }
            _ => None,
        };
        Ok(PolicyEntry { policy, medium, destination })
    }

    async fn lan_destination(
        &self,
        channel: Channel,
        number: u8,
        seen: &mut Seen,
    ) -> Result<LanDestination, Error> {
        let place = (channel.number(), number);
        if let Some(destination) = seen.destinations.get(&place) {
            return Ok(destination.clone());
        }
        let kind = self.lan_parameter(channel, Place::of(18, number)).await?;
        let kind = kind.and_then(|parameter| match parameter {
            LanParameter::DestinationType(kind) if kind.selector == number => Ok(kind),
            _ => Err(Absent::Malformed("another destination's type".to_owned())),
        });
        let address = self.lan_parameter(channel, Place::of(19, number)).await?;
        let address = address.and_then(|parameter| match parameter {
            LanParameter::DestinationAddress(address) if address.selector == number => Ok(address),
            _ => Err(Absent::Malformed("another destination's address".to_owned())),
        });
        let community = match seen.communities.get(&channel.number()) {
            Some(community) => community.clone(),
            None => {
                let told = self.lan_parameter(channel, Place::one(16)).await?;
                told.and_then(|parameter| match parameter {
                    LanParameter::CommunityString(text) => Ok(text),
                    _ => Err(Absent::NotAsked),
                })
            }
        };
        seen.communities.insert(channel.number(), community.clone());
        let destination = LanDestination { kind, address, community };
        seen.destinations.insert(place, destination.clone());
        Ok(destination)
    }

    async fn policy_count(&self) -> Result<u8, Error> {
        self.pef_parameter(8, 0, 0, count).await
    }

    async fn string_count(&self) -> Result<u8, Error> {
        self.pef_parameter(11, 0, 0, count).await
    }

    async fn pef_filter(&self, number: u8) -> Result<EventFilter, Error> {
        self.pef_parameter(6, number, 0, |parameter| match parameter {
            PefParameter::Filter(filter) if filter.number == number => Some(filter),
            _ => None,
        })
        .await
    }

    async fn pef_policy(&self, number: u8) -> Result<AlertPolicy, Error> {
        self.pef_parameter(9, number, 0, |parameter| match parameter {
            PefParameter::Policy(policy) if policy.entry == number => Some(policy),
            _ => None,
        })
        .await
    }

    /// What `pick` takes of a parameter; an answer about anything else makes no sense.
    async fn pef_parameter<T>(
        &self,
        selector: u8,
        set: u8,
        block: u8,
        pick: impl FnOnce(PefParameter) -> Option<T>,
    ) -> Result<T, Error> {
        let request = GetPefConfigurationParameters { revision_only: false, selector, set, block };
        let answer = self.send(&request).await?;
        answer.parameter.and_then(pick).ok_or_else(|| {
            let why = "it answers for another number than it was asked for";
            self.error(GetPefConfigurationParameters::NAME, ErrorKind::Inconsistent(why))
        })
    }

    fn is_numbered(&self, what: &str, number: u8, count: u8) -> Result<(), Error> {
        if (1..=count).contains(&number) {
            return Ok(());
        }
        let why = match count {
            0 => format!("it has no {what}"),
            _ => format!("its {what} are numbered 1 to {count}"),
        };
        Err(self.error(SetPefConfigurationParameters::NAME, ErrorKind::NotPossible(why)))
    }
}

/// What policies lead to that was asked for before.
#[derive(Default)]
struct Seen {
    media: BTreeMap<u8, ChannelMedium>,
    communities: BTreeMap<u8, Known<[u8; 18]>>,
    destinations: BTreeMap<(u8, u8), LanDestination>,
}

/// A parameter that is one number.
fn count(parameter: PefParameter) -> Option<u8> {
    match parameter {
        PefParameter::StartupDelay(number)
        | PefParameter::AlertStartupDelay(number)
        | PefParameter::FilterCount(number)
        | PefParameter::PolicyCount(number)
        | PefParameter::StringCount(number)
        | PefParameter::GroupCount(number) => Some(number),
        _ => None,
    }
}

impl Error {
    /// Whether a BMC has no PEF: it does not know the command that asks for it.
    #[must_use]
    pub fn is_without_pef(&self) -> bool {
        self.completion() == Some(CompletionCode::INVALID_COMMAND)
            && [
                GetPefCapabilities::NAME,
                GetPefConfigurationParameters::NAME,
                GetLastProcessedEventId::NAME,
            ]
            .contains(&self.doing)
    }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::cmd::app::GetChannelInfo;
    use ipmi_wire::cmd::transport::GetLanConfigurationParameters;
    use ipmi_wire::{Encode, Response};

    use super::*;
    use crate::fake::{Machine, code, is, of};

    fn bytes(data: &[u8]) -> Response {
        Response { completion: CompletionCode::OK, data: data.to_vec() }
    }

    fn capabilities(filters: u8, request: &ipmi_wire::Request) -> crate::fake::Odd {
        is::<GetPefCapabilities>(request).then(|| Ok(bytes(&[0x51, 0x3f, filters])))
    }

    #[tokio::test]
    async fn a_filter_that_the_bmc_does_not_tell_is_one_line() {
        let machine = Machine::new();
        machine.hook(|_, request| {
            if let Some(answer) = capabilities(3, request) {
                return Some(answer);
            }
            let asked: GetPefConfigurationParameters = of(request)?;
            let filter = EventFilter { number: asked.set, ..EventFilter::default() };
            let told = [&[0x11][..], &filter.to_bytes()].concat();
            Some(Ok(match asked.set {
                1 => bytes(&told),
                2 => code(0xc9),
                // Another one's.
                _ => bytes(&[&[0x11, 1][..], &[0; 20]].concat()),
            }))
        });
        let filters = machine.bmc().pef_filters().await.unwrap();
        let told: Vec<_> = filters.iter().map(|(number, told)| (*number, told.is_ok())).collect();
        assert_eq!(told, [(1, true), (2, false), (3, false)]);
    }

    #[tokio::test]
    async fn a_number_that_there_is_not_is_not_sent() {
        let machine = Machine::new();
        machine.hook(|_, request| capabilities(3, request));
        for number in [0, 4] {
            let error = machine.bmc().enable_pef_filter(number, true).await.unwrap_err();
            assert!(matches!(*error.kind, ErrorKind::NotPossible(_)), "{error}");
        }
        assert_eq!(machine.count::<SetPefConfigurationParameters>(), 0);
    }

    #[tokio::test]
    async fn destinations_are_asked_for_once() {
        let machine = Machine::new();
        machine.hook(|_, request| {
            if is::<GetChannelInfo>(request) {
                return Some(Ok(bytes(&[1, 4, 1, 0, 0, 0, 0, 0, 0])));
            }
            if let Some(asked) = of::<GetLanConfigurationParameters>(request) {
                return Some(Ok(match asked.selector {
                    16 => bytes(&[&[0x11][..], b"public\0\0\0\0\0\0\0\0\0\0\0\0"].concat()),
                    18 => bytes(&[0x11, 1, 0, 3, 2]),
                    _ => code(0xc9),
                }));
            }
            let asked: GetPefConfigurationParameters = of(request)?;
            let policy = AlertPolicy {
                entry: asked.set,
                channel: Channel::new(1),
                destination: 1,
                ..AlertPolicy::default()
            };
            Some(Ok(match asked.selector {
                8 => bytes(&[0x11, 4]),
                _ => bytes(&[&[0x11][..], &policy.to_bytes()].concat()),
            }))
        });
        let policies = machine.bmc().pef_policies().await.unwrap();
        assert_eq!(policies.len(), 4);
        for (_, entry) in policies {
            let destination = entry.unwrap().destination.unwrap();
            assert_eq!(destination.kind.unwrap().timeout, 3);
            assert!(destination.address.is_err());
        }
        assert_eq!(machine.count::<GetChannelInfo>(), 1);
        assert_eq!(machine.count::<GetLanConfigurationParameters>(), 3);
    }

    #[tokio::test]
    async fn a_string_ends_at_its_zero_or_with_its_blocks() {
        let machine = Machine::new();
        machine.hook(|_, request| {
            let asked: GetPefConfigurationParameters = of(request)?;
            let block = |text: &[u8]| bytes(&[&[0x11, asked.set, asked.block][..], text].concat());
            Some(Ok(match (asked.selector, asked.set, asked.block) {
                (11, ..) => bytes(&[0x11, 3]),
                (12, ..) => bytes(&[0x11, asked.set, 0, 1]),
                (_, 1, 1) => block(b"Fan\0junk"),
                (_, 2, 1) => block(b"sixteen of bytes"),
                (_, 2, 2) => block(b" and more"),
                (_, 3, 1) => block(b"sixteen of bytes"),
                _ => code(0xc9),
            }))
        });
        let strings = machine.bmc().alert_strings().await.unwrap();
        let texts: Vec<_> = strings.into_iter().map(|string| string.text.unwrap()).collect();
        assert_eq!(texts, [&b"Fan"[..], b"sixteen of bytes and more", b"sixteen of bytes"]);
    }

    #[tokio::test]
    async fn a_bmc_without_pef_is_known_as_one() {
        let machine = Machine::new();
        machine.hook(|_, _| Some(Ok(code(0xc1))));
        let bmc = machine.bmc();
        assert!(bmc.pef_info().await.unwrap_err().is_without_pef());
        assert!(bmc.pef_status().await.unwrap_err().is_without_pef());
        assert!(bmc.pef_filters().await.unwrap_err().is_without_pef());
        assert!(bmc.pef_policies().await.unwrap_err().is_without_pef());
        assert!(bmc.alert_strings().await.unwrap_err().is_without_pef());
    }
}
