//! What would change, before anything does.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use ipmi_session::console::Agreed;
use ipmi_wire::cmd::transport::{AddressSource, AddressingEnables, LanParameter};
use ipmi_wire::session::CipherSuite;
use ipmi_wire::{Channel, Privilege};

use super::channel::LanChannel;
use super::config::{Absent, Known};
use super::setting::{LanSetting, Place};
use crate::bmc::Bmc;
use crate::error::Error;

/// What is to be set on a LAN channel, and what is there now.
#[derive(Clone, Debug)]
pub struct LanPlan {
    /// Which channel.
    pub channel: Channel,
    /// Every setting that was asked for, in that order.
    pub settings: Vec<Planned>,
    /// Whether it is the channel that the session is on; found out only where that matters.
    pub own: bool,
    /// Where the session goes to; `None` if there is none, in the BMC's own machine.
    pub(super) address: Option<SocketAddr>,
    agreed: Option<Agreed>,
    pub(super) before: BTreeMap<Place, Known<LanParameter>>,
}

/// A setting that was asked for.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What was asked for.
    pub asked: LanSetting,
    /// What is there now.
    pub before: Known<LanSetting>,
}

/// What a change may do to whoever makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risk {
    /// The BMC is to be found elsewhere afterwards, or not at all.
    Moves(LanSetting),
    /// Sessions like this one are not let in any more.
    LocksOut(LanSetting),
}

impl Planned {
    /// Whether it is not so already.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.before.as_ref().ok() != Some(&self.asked)
    }
}

pub(super) const SOURCE: Place = Place::one(4);
pub(super) const GATEWAY: Place = Place::one(12);

impl Bmc {
    /// Reads what is there now of `settings`, and nothing else.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn plan_lan(
        &self,
        channel: LanChannel,
        settings: &[LanSetting],
    ) -> Result<LanPlan, Error> {
        let agreed = self.connect().await?.agreed;
        let mut before: BTreeMap<Place, Known<LanParameter>> = BTreeMap::new();
        let mut places: Vec<Place> = settings.iter().map(LanSetting::place).collect();
        let is_network = |setting: &LanSetting| {
            matches!(
                setting,
                LanSetting::Address(_) | LanSetting::Netmask(_) | LanSetting::Gateway(_)
            )
        };
        // What comes by DHCP cannot be set, and some BMCs forget the gateway with a new mask.
        if settings.iter().any(is_network) {
            places.push(SOURCE);
        }
        if settings.iter().any(|setting| matches!(setting, LanSetting::Netmask(_))) {
            places.push(GATEWAY);
        }
        for place in places {
            if before.contains_key(&place) {
                continue;
            }
            let known = self.lan_parameter(channel.channel, place).await?;
            if before.is_empty() && matches!(known, Err(Absent::NotSupported(_))) {
                self.check_lan(channel.channel).await?;
            }
            before.insert(place, known);
        }
        let planned = settings.iter().map(|asked| {
            let known = before.get(&asked.place());
            let known =
                known.map_or(Err(Absent::NotAsked), |known| known.as_ref().map_err(Clone::clone));
            let unlike = || Absent::Malformed("it is not what it should be".to_owned());
            Planned {
                asked: *asked,
                before: known.and_then(|known| asked.present(known).ok_or_else(unlike)),
            }
        });
        let planned: Vec<_> = planned.collect();
        let mut plan = LanPlan {
            channel: channel.channel,
            settings: planned,
            own: true,
            address: self.address(),
            agreed,
            before,
        };
        plan.own = !plan.risks().is_empty() && self.is_own(channel).await?;
        Ok(plan)
    }
}

impl LanPlan {
    /// The settings that are not so already.
    pub fn needed(&self) -> impl Iterator<Item = &Planned> {
        self.settings.iter().filter(|planned| planned.is_needed())
    }

    /// The settings that this BMC does not have, each with the reason. A part of a parameter that
    /// cannot be read is among them: the rest of it would be lost.
    #[must_use]
    pub fn impossible(&self) -> Vec<(LanSetting, Absent)> {
        let reason = |planned: &Planned| match &planned.before {
            Err(absent @ Absent::NotSupported(_)) => Some(absent.clone()),
            Err(absent) if planned.asked.put(None).is_none() => Some(absent.clone()),
            _ => None,
        };
        let all = self.settings.iter();
        all.filter_map(|planned| Some((planned.asked, reason(planned)?))).collect()
    }

    /// Whether an address, a mask or a gateway is to be set that comes by DHCP, and nothing is said
    /// of where it is to come from.
    #[must_use]
    pub fn contradicts_dhcp(&self) -> bool {
        let by_dhcp = self.source() == Some(AddressSource::DHCP);
        let mut network = self.needed().filter(|planned| {
            let asked = planned.asked;
            matches!(
                asked,
                LanSetting::Address(_) | LanSetting::Netmask(_) | LanSetting::Gateway(_)
            )
        });
        by_dhcp && network.next().is_some()
    }

    /// The source of the address as it will be.
    fn source(&self) -> Option<AddressSource> {
        let asked = self.settings.iter().find_map(|planned| match planned.asked {
            LanSetting::Source(source) => Some(source),
            _ => None,
        });
        asked.or_else(|| match self.before.get(&SOURCE) {
            Some(Ok(LanParameter::AddressSource(source))) => Some(*source),
            _ => None,
        })
    }

    /// What the changes may do to this very session's way to the BMC; nothing if it is on another
    /// channel.
    #[must_use]
    pub fn risks(&self) -> Vec<Risk> {
        if !self.own {
            return Vec::new();
        }
        self.needed().filter_map(|planned| self.risk(planned.asked)).collect()
    }

    fn risk(&self, setting: LanSetting) -> Option<Risk> {
        use LanSetting as S;
        let v6 = self.address.is_some_and(is_v6);
        let moves = match setting {
            S::Vlan(_) | S::Mac(_) => true,
            S::Address(_) | S::Source(_) | S::Netmask(_) | S::Gateway(_) => !v6,
            S::Addressing(enables) => {
                enables == if v6 { AddressingEnables::IPV4 } else { AddressingEnables::IPV6 }
            }
            S::Address6 { .. } | S::StaticRouters(_) | S::DynamicRouters(_) | S::Router { .. } => {
                v6
            }
            _ => false,
        };
        let locks_out = match (setting, self.agreed) {
            (S::CipherPrivilege { suite, level }, Some(Agreed::Suite(CipherSuite(own)))) => {
                suite == own && level < Some(Privilege::Administrator)
            }
            (S::AuthTypes { .. }, Some(Agreed::Ipmi15(_))) => true,
            _ => false,
        };
        if moves {
            return Some(Risk::Moves(setting));
        }
        locks_out.then_some(Risk::LocksOut(setting))
    }

    /// Where the BMC is afterwards, as far as that is known: not if it gets its address elsewhere, or
    /// was reached by none.
    #[must_use]
    pub fn destination(&self) -> Option<SocketAddr> {
        let own = self.address?;
        let port = own.port();
        if !self.own {
            return Some(own);
        }
        let mut at = Some(own);
        for planned in self.needed() {
            match planned.asked {
                LanSetting::Address(ip) if !is_v6(own) => {
                    at = Some(SocketAddr::new(IpAddr::V4(ip), port));
                }
                LanSetting::Address6 { address, .. } if is_v6(own) => {
                    at = address.map(|(ip, _)| SocketAddr::new(IpAddr::V6(ip), port));
                }
                _ => {}
            }
        }
        let elsewhere = self.needed().any(|planned| {
            matches!(planned.asked, LanSetting::Source(source) if source != AddressSource::STATIC)
        });
        let given = |planned: &Planned| matches!(planned.asked, LanSetting::Address(_));
        let is_known = !elsewhere || is_v6(own) || self.settings.iter().any(given);
        at.filter(|_| is_known)
    }
}

const fn is_v6(address: SocketAddr) -> bool {
    match address.ip() {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.to_ipv4_mapped().is_none(),
    }
}
