//! Handles to controllers behind a BMC: they share its session, and nothing else that was learned.

use std::sync::Arc;
use std::time::Duration;

use ipmi_session::console::{Call, Failure};
use ipmi_wire::bridge::{Hop, Route};
use ipmi_wire::cmd::app::SendMessage;
use ipmi_wire::lan::BMC_ADDRESS;
use ipmi_wire::{Channel, Command, CompletionCode, Response};
use tokio::sync::Mutex;

use super::Bmc;
use crate::error::{Error, ErrorKind};
use crate::memory::Memory;
use crate::walk::ReadSize;

/// A controller behind the BMC.
#[derive(Debug)]
pub(super) struct Behind {
    pub(super) route: Route,
    pub(super) memory: std::sync::Mutex<Memory>,
    pub(super) reading: Mutex<()>,
}

/// A message on the IPMB has 32 bytes at most: 24 for what is in an answer behind its completion code,
/// two of which name the next record where it is one.
const OF_RECORD: u8 = 22;
const OF_FRU: u8 = 16;

/// How long an answer of a controller is waited for that is one of many. They come within tenths of
/// a second.
const IN_PASSING: Duration = Duration::from_secs(2);

const fn is_primary(hop: Hop) -> bool {
    hop.channel.number() == Channel::PRIMARY_IPMB.number()
}

impl Behind {
    fn new(route: Route) -> Self {
        let mut memory = Memory::default();
        let sizes = &mut memory.sizes;
        sizes.fru = OF_FRU;
        sizes.repository = ReadSize::Pieces(OF_RECORD);
        sizes.device = ReadSize::Pieces(OF_RECORD);
        Self { route, memory: std::sync::Mutex::new(memory), reading: Mutex::default() }
    }
}

impl Bmc {
    /// A handle to a controller behind this BMC, through the same session: each request is put into
    /// Send Message (IPMI v2.0 §22.7). What was learned of that controller is kept as long as any
    /// handle of the BMC. [`close`](Self::close) closes the session of all of them.
    #[must_use]
    pub fn behind(&self, route: Route) -> Self {
        let mut others =
            self.shared.behind.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let behind = others.entry(route).or_insert_with(|| Arc::new(Behind::new(route)));
        Self { behind: Some(Arc::clone(behind)), patience: self.patience, ..self.clone() }
    }

    /// The same handle, which waits no longer than so for each answer; it may wait less.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }

    /// The same handle, which waits as long as `other`.
    pub(crate) fn patient_as(self, other: &Self) -> Self {
        Self { patience: other.patience, ..self }
    }

    /// The way to the controller, if this is not the BMC itself.
    #[must_use]
    pub fn route(&self) -> Option<Route> {
        self.behind.as_ref().map(|behind| behind.route)
    }

    /// A handle to the BMC itself.
    #[must_use]
    pub fn in_front(&self) -> Self {
        Self { behind: None, ..self.clone() }
    }

    /// The slave address of the controller that this handle is for.
    #[must_use]
    pub fn slave_address(&self) -> u8 {
        self.route().map_or(BMC_ADDRESS, |route| route.target.address)
    }

    /// Whether records that this controller keeps mean itself by this address. To a controller with
    /// records of its own, it is the BMC.
    pub(crate) fn is_self(&self, address: u8) -> bool {
        address == self.slave_address() || address == BMC_ADDRESS
    }

    /// A handle to a controller that this one's records name, for asking it in passing: what does
    /// not answer must not cost much. `None` if there is no way to it.
    pub(crate) fn neighbour(&self, hop: Hop) -> Option<Self> {
        // Odd addresses are those of software.
        if hop.address & 1 == 1 || hop.address == 0 {
            return None;
        }
        let route = match self.route() {
            // What is on the primary IPMB is reached from anywhere on it.
            Some(Route { target, transit: None, local_address })
                if target.channel != hop.channel || !is_primary(hop) =>
            {
                Route { target: hop, transit: Some(target), local_address }
            }
            None | Some(Route { transit: None, .. }) => Route::to(hop),
            Some(Route { transit: Some(_), .. }) => return None,
        };
        let patience = self.patience.map_or(IN_PASSING, |least| least.min(IN_PASSING));
        Some(self.behind(route).with_patience(patience))
    }

    /// The call as it goes out: on this handle's way, with its patience.
    pub(super) fn addressed(&self, call: Call) -> Call {
        Call { route: self.route(), patience: self.patience, ..call }
    }

    /// Some BMCs let only administrators send messages on: a request refused for that was not
    /// carried out, and is asked again with all the privilege that there is. The session keeps it.
    pub(super) async fn call_behind(
        &self,
        name: &'static str,
        call: Call,
    ) -> Result<Response, Error> {
        let inner = (call.request.netfn, call.request.cmd);
        if self.behind.is_some() && inner == (SendMessage::ID.netfn, SendMessage::ID.cmd) {
            let why = "a message inside of Send Message goes by a transit, not by another one's \
                       Send Message";
            return Err(self.error(name, ErrorKind::NotPossible(why.to_owned())));
        }
        let most = self.privilege();
        let outcome = self.call(name, call.clone()).await;
        match &outcome {
            Err(error) if call.needs < most && error.is_for_want_of_privilege() => {
                self.call(name, Call { needs: most, ..call }).await
            }
            _ => outcome,
        }
    }
}

impl Error {
    fn is_for_want_of_privilege(&self) -> bool {
        let refused = CompletionCode::INSUFFICIENT_PRIVILEGE;
        matches!(
            *self.kind,
            ErrorKind::Call(Failure::NotPassedOn { completion, .. }) if completion == refused
        )
    }

    /// Whether a controller behind the BMC could not be reached, or did not answer, while the BMC
    /// did.
    #[must_use]
    pub fn is_behind_bmc(&self) -> bool {
        matches!(&*self.kind, ErrorKind::Call(failure) if failure.is_behind_bmc())
    }
}
