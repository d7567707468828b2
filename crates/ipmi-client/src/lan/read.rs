//! Reading parameters: no more than are wanted, and none that an earlier answer makes pointless.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use ipmi_wire::cmd::transport::{
    GetLanConfigurationParameters, LanParameter, RouterField, TimingSupport,
};
use ipmi_wire::{Channel, Command, CompletionCode};

use super::config::{Absent, Known, LanConfig};
use super::setting::{Place, means_unsupported};
use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};
use crate::together::Trust;

/// What of a LAN channel is to be read, beside the parameters of IPv4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LanQuery {
    /// IPv6: parameters 50 to 80.
    pub ipv6: bool,
    /// Alert destinations: 17 to 19.
    pub alerts: bool,
    /// What hardly anybody wants to know: UDP ports, VLAN tags of alert destinations.
    pub rest: bool,
    /// Leave out the parameters of IPv4.
    pub no_ipv4: bool,
}

/// The parameters of IPv4 and of what the channel allows, in the order in which they are asked for;
/// those first that every BMC has.
const USUAL: [u8; 20] = [3, 4, 6, 5, 12, 0, 1, 2, 7, 10, 11, 13, 14, 15, 16, 20, 21, 23, 24, 26];
/// Suites that there is room for.
const FULL: usize = 16;
/// If a BMC has none of the first so many, it is asked what the channel is.
const PATIENCE: usize = 3;

impl Bmc {
    /// The parameters of a LAN channel. What the BMC does not tell has its reason there.
    ///
    /// # Errors
    /// [`ErrorKind::NotPossible`] if this is no LAN channel; the BMC's refusal if it has no such
    /// command, or wants more privilege; else as [`Bmc::send`].
    pub async fn lan_config(&self, channel: Channel, query: LanQuery) -> Result<LanConfig, Error> {
        let (found, ahead) = (BTreeMap::new(), BTreeMap::new());
        let mut reader = Reader { bmc: self, channel, found, ahead };
        if !query.no_ipv4 {
            for (nth, selector) in USUAL.into_iter().enumerate() {
                if nth == PATIENCE {
                    if reader.found.values().all(is_unsupported) {
                        self.check_lan(channel).await?;
                    }
                    reader.look_ahead(USUAL.get(nth..).unwrap_or_default()).await?;
                }
                reader.read(Place::one(selector)).await?;
            }
            reader.settle_suites().await?;
        }
        if query.rest && !query.no_ipv4 {
            reader.read(Place::one(8)).await?;
            reader.read(Place::one(9)).await?;
        }
        if query.alerts {
            reader.read_alerts(query.rest).await?;
        }
        if query.ipv6 {
            reader.read_ipv6().await?;
        }
        Ok(LanConfig { channel, found: reader.found })
    }

    /// One parameter.
    ///
    /// # Errors
    /// Only if the BMC does not answer, or has no such command.
    pub async fn lan_parameter(
        &self,
        channel: Channel,
        place: Place,
    ) -> Result<Known<LanParameter>, Error> {
        self.lan_parameter_abreast(channel, place, 1).await
    }

    async fn lan_parameter_abreast(
        &self,
        channel: Channel,
        place: Place,
        abreast: u8,
    ) -> Result<Known<LanParameter>, Error> {
        let Place { selector, set, block } = place;
        let command =
            GetLanConfigurationParameters { channel, revision_only: false, selector, set, block };
        match self.send_abreast(0, &command, abreast).await {
            Ok(answer) => Ok(answer.parameter.ok_or(Absent::NotAsked)),
            Err(error) => match *error.kind {
                ErrorKind::Refused { completion, .. } if means_unsupported(completion) => {
                    Ok(Err(Absent::NotSupported(completion)))
                }
                ErrorKind::Refused { completion, .. } => Ok(Err(Absent::Refused(completion))),
                ErrorKind::Malformed { source, .. } => {
                    Ok(Err(Absent::Malformed(source.to_string())))
                }
                _ => Err(error),
            },
        }
    }
}

fn is_unsupported(known: &Known<LanParameter>) -> bool {
    matches!(known, Err(Absent::NotSupported(_)))
}

struct Reader<'a> {
    bmc: &'a Bmc,
    channel: Channel,
    found: BTreeMap<Place, Known<LanParameter>>,
    /// Asked for several at a time, before their turn.
    ahead: BTreeMap<Place, Known<LanParameter>>,
}

impl Reader<'_> {
    /// Asks for parameters several at a time, where the BMC can bear that. No answer says which
    /// parameter it is; so, unless the BMC has shown that it does not mix its answers up, one of
    /// these is asked for again, alone: nothing of it may have changed.
    async fn look_ahead(&mut self, selectors: &[u8]) -> Result<(), Error> {
        let abreast = self.bmc.readings_abreast();
        if abreast < 2 {
            return Ok(());
        }
        let ask = |selector: &u8| {
            self.bmc.lan_parameter_abreast(self.channel, Place::one(*selector), abreast)
        };
        let answers: Vec<_> =
            join_all(selectors.iter().map(ask)).await.into_iter().collect::<Result<_, _>>()?;
        let ahead: BTreeMap<_, _> =
            selectors.iter().map(|selector| Place::one(*selector)).zip(answers).collect();
        if self.bmc.trust() == Trust::Unknown {
            let middle = selectors.get(selectors.len() / 2).copied().map(Place::one);
            if let Some(place) = middle {
                let alone = self.bmc.lan_parameter(self.channel, place).await?;
                if ahead.get(&place) != Some(&alone) {
                    self.bmc.distrust("LAN parameters");
                    return Ok(());
                }
            }
        }
        self.ahead = ahead;
        Ok(())
    }

    /// Reads a parameter. A BMC that has no such command, or wants more privilege, says so at the
    /// first one, and would at all others.
    async fn read(&mut self, place: Place) -> Result<&Known<LanParameter>, Error> {
        let known = match self.ahead.remove(&place) {
            Some(known) => known,
            None => self.bmc.lan_parameter(self.channel, place).await?,
        };
        if self.found.is_empty()
            && let Err(absent) = &known
            && let Some(completion) = absent.completion()
            && matches!(
                completion,
                CompletionCode::INVALID_COMMAND | CompletionCode::INSUFFICIENT_PRIVILEGE
            )
        {
            let access = Some(GetLanConfigurationParameters::ACCESS);
            let kind = ErrorKind::Refused { completion, explained: None, access };
            return Err(self.bmc.error(GetLanConfigurationParameters::NAME, kind));
        }
        Ok(self.found.entry(place).insert_entry(known).into_mut())
    }

    /// How many there are of something, as a parameter says that was read.
    async fn count(
        &mut self,
        place: Place,
        count: impl Fn(&LanParameter) -> Option<u8>,
    ) -> Result<u8, Error> {
        let known = self.read(place).await?;
        Ok(known.as_ref().ok().and_then(count).unwrap_or(0))
    }

    /// Some BMCs fill the list of suites up with zeros, and suite 0 is one; OpenIPMI's `ipmi_sim` fills
    /// it with one suite too many. Only then is it worth a question how long the list is.
    async fn settle_suites(&mut self) -> Result<(), Error> {
        let list = Place::one(23);
        let Some(Ok(LanParameter::CipherSuites(suites))) = self.found.get(&list) else {
            return Ok(());
        };
        let zeros = suites.iter().filter(|suite| **suite == 0).count();
        let is_plain = zeros == 0 || (zeros == 1 && suites.first() == Some(&0));
        if is_plain && suites.len() < FULL {
            return Ok(());
        }
        let known = self.read(Place::one(22)).await?;
        let count = match known {
            Ok(LanParameter::CipherSuiteCount(count)) => Some(usize::from(*count)),
            _ => None,
        };
        if let Some(Ok(LanParameter::CipherSuites(suites))) = self.found.get_mut(&list) {
            let filled = suites.iter().rposition(|suite| *suite != 0).map_or(1, |at| at + 1);
            suites.truncate(count.unwrap_or(filled));
        }
        Ok(())
    }

    async fn read_alerts(&mut self, tags: bool) -> Result<(), Error> {
        let count = self
            .count(Place::one(17), |parameter| match parameter {
                LanParameter::DestinationCount(count) => Some(*count),
                _ => None,
            })
            .await?;
        // Without an answer nobody knows that there is the volatile one.
        if !matches!(self.found.get(&Place::one(17)), Some(Ok(_))) {
            return Ok(());
        }
        for number in 0..=count {
            if is_unsupported(self.read(Place::of(18, number)).await?) {
                return Ok(());
            }
            self.read(Place::of(19, number)).await?;
        }
        for number in (0..=count).filter(|_| tags) {
            if is_unsupported(self.read(Place::of(25, number)).await?) {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn read_ipv6(&mut self) -> Result<(), Error> {
        // Whoever has none of it has no more than that to say.
        if is_unsupported(self.read(Place::one(50)).await?) {
            return Ok(());
        }
        for selector in 51..=55 {
            self.read(Place::one(selector)).await?;
        }
        let (fixed, dynamic) = match self.found.get(&Place::one(55)) {
            Some(Ok(LanParameter::Ipv6Status(status))) => (status.static_max, status.dynamic_max),
            _ => (0, 0),
        };
        for number in 0..fixed {
            self.read(Place::of(56, number)).await?;
        }
        for number in 0..dynamic {
            self.read(Place::of(59, number)).await?;
        }
        self.read_duids(fixed, dynamic).await?;
        self.read_routers().await?;
        self.read_timing(62, 63, dynamic).await?;
        self.read_timing(79, 80, 1).await
    }

    async fn read_duids(&mut self, fixed: u8, dynamic: u8) -> Result<(), Error> {
        let blocks = |parameter: &LanParameter| match parameter {
            LanParameter::StaticDuidBlocks(count) | LanParameter::DynamicDuidBlocks(count) => {
                Some(*count)
            }
            _ => None,
        };
        for (selector, addresses) in [(57, fixed), (60, dynamic)] {
            let count = self.count(Place::one(selector), blocks).await?;
            let data = selector + 1;
            for set in 0..addresses {
                for block in 0..count {
                    if self.read(Place { selector: data, set, block }).await?.is_err() {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    async fn read_routers(&mut self) -> Result<(), Error> {
        self.read(Place::one(64)).await?;
        for first in [65, 69] {
            // A router without an address is none, and what else there is of it says nothing.
            let address = self.read(Place::one(first)).await?;
            let is_set = matches!(
                address,
                Ok(LanParameter::StaticRouter {
                    field: RouterField::Address(address),
                    ..
                }) if !address.is_unspecified()
            );
            for selector in (first + 1..first + 4).filter(|_| is_set) {
                self.read(Place::one(selector)).await?;
            }
        }
        let count = self
            .count(Place::one(73), |parameter| match parameter {
                LanParameter::DynamicRouterCount(count) => Some(*count),
                _ => None,
            })
            .await?;
        for set in 0..count {
            for selector in 74..=77 {
                self.read(Place::of(selector, set)).await?;
            }
        }
        self.read(Place::one(78)).await.map(drop)
    }

    /// Timing, if it can be set: for all interfaces at a time, or for each of `sets`.
    async fn read_timing(&mut self, support: u8, data: u8, sets: u8) -> Result<(), Error> {
        let sets = match self.read(Place::one(support)).await? {
            Ok(
                LanParameter::Dhcpv6TimingSupport(support)
                | LanParameter::NeighborTimingSupport(support),
            ) if *support == TimingSupport::NONE => 0,
            Ok(
                LanParameter::Dhcpv6TimingSupport(support)
                | LanParameter::NeighborTimingSupport(support),
            ) if *support == TimingSupport::GLOBAL => 1,
            Ok(_) => sets,
            Err(_) => 0,
        };
        for set in 0..sets {
            // DHCPv6 has two blocks, neighbour discovery one; the BMC refuses what is beyond.
            for block in 0..2 {
                if self.read(Place { selector: data, set, block }).await?.is_err() {
                    break;
                }
            }
        }
        Ok(())
    }
}
