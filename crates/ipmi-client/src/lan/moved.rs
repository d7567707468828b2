//! Where a BMC is that may have moved.

use std::net::SocketAddr;
use std::time::Duration;

use ipmi_wire::cmd::app::Guid;
use tokio::time::{Instant, sleep, timeout};

use super::plan::{LanPlan, Risk};
use super::setting::LanSetting;
use super::transaction::{State, Write};
use crate::bmc::Bmc;
use crate::error::Error;

/// How a BMC is reached after its LAN was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Where; `None` if only others know, such as a DHCP server.
    pub address: Option<SocketAddr>,
    /// Whether it was logged in to there since; `None` if that was not tried.
    pub answers: Option<bool>,
    /// The VLAN that packets to it need now, if that has changed; inside, `None` is none.
    pub vlan: Option<Option<u16>>,
}

/// Where the BMC is spoken to.
#[derive(Debug)]
pub(super) struct Whereabouts {
    bmc: Bmc,
    old: Bmc,
    /// Where it is to be.
    new: Option<SocketAddr>,
    guid: Option<Guid>,
    /// The session that it was last heard in.
    session: u32,
}

/// Between looks.
const PAUSE: Duration = Duration::from_millis(200);

impl Whereabouts {
    pub(super) async fn new(bmc: &Bmc, plan: &LanPlan) -> Result<Self, Error> {
        let guid = bmc.connect().await?.managed_guid.filter(|guid| !guid.is_unset());
        let new = plan.destination().filter(|address| Some(*address) != bmc.address());
        let session = bmc.session_id().await?;
        Ok(Self { bmc: bmc.clone(), old: bmc.clone(), new, guid, session })
    }

    pub(super) const fn bmc(&self) -> &Bmc {
        &self.bmc
    }

    /// Looks for the BMC where it should be, and where it was, for as long as an effect is looked
    /// up. Whether it was found.
    pub(super) async fn find(&mut self) -> bool {
        let limit = self.old.longest_look_up();
        let new = self.new.and_then(|address| self.old.at(address));
        let begun = Instant::now();
        // A session that went silent says nothing of a new one.
        self.bmc.drop_session(self.session);
        while begun.elapsed() < limit {
            for candidate in new.iter().chain([&self.old]) {
                if self.is_it(candidate).await {
                    self.bmc = candidate.clone();
                    self.session = candidate.session_id().await.unwrap_or(self.session);
                    return true;
                }
            }
            sleep(PAUSE).await;
        }
        false
    }

    /// Whether this is the BMC, and lets us in. Another machine may have an address that was its.
    async fn is_it(&self, candidate: &Bmc) -> bool {
        let Ok(Ok(info)) = timeout(candidate.longest_call(), candidate.connect()).await else {
            return false;
        };
        match (self.guid, info.managed_guid) {
            (Some(own), Some(other)) => own == other,
            _ => true,
        }
    }

    /// How the BMC is reached now, if what was written may have changed that.
    pub(super) async fn reach(&self, plan: &LanPlan, writes: &[Write]) -> Option<Reach> {
        let is_in_force = |setting: LanSetting| {
            let write = writes.iter().find(|write| write.place == setting.place());
            write.is_some_and(|write| {
                matches!(write.state, State::Kept | State::Unverified | State::Unknown)
            })
        };
        let moves: Vec<_> = plan
            .risks()
            .into_iter()
            .filter_map(|risk| match risk {
                Risk::Moves(setting) => Some(setting),
                Risk::LocksOut(_) => None,
            })
            .filter(|setting| is_in_force(*setting))
            .collect();
        if moves.is_empty() {
            return None;
        }
        let vlan = moves.iter().find_map(|setting| match setting {
            LanSetting::Vlan(id) => Some(*id),
            _ => None,
        });
        let has_address = |setting: &LanSetting| {
            matches!(
                setting,
                LanSetting::Address(_) | LanSetting::Address6 { .. } | LanSetting::Source(_)
            )
        };
        let address = match moves.iter().any(has_address) {
            true => plan.destination(),
            false => self.old.address(),
        };
        let lost = writes.iter().any(|write| write.state == State::Unknown);
        let answers = match address {
            None => None,
            Some(_) if lost => Some(false),
            Some(address) if Some(address) == self.bmc.address() => Some(true),
            Some(address) => match self.old.at(address) {
                Some(there) => {
                    let found = timeout(self.old.deadline(), self.is_it(&there)).await;
                    there.close().await;
                    Some(found.unwrap_or(false))
                }
                None => None,
            },
        };
        Some(Reach { address, answers, vlan })
    }
}
