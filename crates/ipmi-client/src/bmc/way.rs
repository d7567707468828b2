//! The two ways to a BMC: a session over the network, and the device of the machine that it is in.

use std::net::SocketAddr;
use std::sync::Arc;

use ipmi_session::console::Call;
use ipmi_wire::Response;
use ipmi_wire::cmd::app::{GetSystemGuid, Guid};

use super::{Bmc, Credentials, Shared};
use crate::device::Device;
use crate::endpoint::{Endpoint, Observed, Opened};
use crate::error::{Error, ErrorKind};
use crate::location::Location;

/// How a BMC is reached.
#[derive(Clone, Debug)]
pub(super) enum Way {
    Lan {
        endpoint: Endpoint,
        address: SocketAddr,
    },
    /// Nobody logs in: who may open the device is an administrator.
    Device(Device),
}

/// What stands for the session where there is none.
const NO_SESSION: u32 = 0;

impl Bmc {
    /// A handle to the BMC of this machine. Of `credentials` nothing counts but patience, window and
    /// habits.
    #[must_use]
    pub fn local(device: &Device, credentials: Credentials) -> Self {
        Self::by(Way::Device(device.clone()), credentials)
    }

    pub(super) fn by(way: Way, credentials: Credentials) -> Self {
        let shared = Shared {
            way,
            credentials,
            login: tokio::sync::Mutex::default(),
            state: std::sync::Mutex::default(),
            memory: std::sync::Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            cache: std::sync::OnceLock::new(),
            behind: std::sync::Mutex::default(),
            #[cfg(test)]
            fake: None,
        };
        Self { shared: Arc::new(shared), behind: None, patience: None }
    }

    /// Where the BMC is.
    #[must_use]
    pub fn location(&self) -> Location {
        match &self.shared.way {
            Way::Lan { address, .. } => Location::Lan(*address),
            Way::Device(device) => device.location(),
        }
    }

    /// Its address, if it is reached over the network.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.shared.way {
            Way::Lan { address, .. } => Some(*address),
            Way::Device(_) => None,
        }
    }

    /// The device that it is reached by, if it is in this machine.
    #[must_use]
    pub fn device(&self) -> Option<&Device> {
        match &self.shared.way {
            Way::Lan { .. } => None,
            Way::Device(device) => Some(device),
        }
    }

    /// Whether it is in this machine, and no session is between.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.shared.way, Way::Device(_))
    }

    /// The GUID that tells this BMC from others. Over the network it has told while logging in; in
    /// this machine it is asked, once, unless it refuses.
    pub(crate) async fn identity(&self) -> Result<Option<Guid>, Error> {
        if !self.is_local() {
            return Ok(self.connect().await?.managed_guid);
        }
        let known = self.front_memory().guid;
        if let Some(guid) = known {
            return Ok(guid);
        }
        let guid = match self.in_front().send_until_free(0, &GetSystemGuid).await {
            Ok(guid) => Some(guid),
            Err(error) if error.completion().is_some() => None,
            Err(error) => return Err(error),
        };
        self.front_memory().guid = Some(guid);
        Ok(guid)
    }
}

impl Shared {
    /// One exchange, in this session where there are any.
    pub(super) async fn exchange(&self, session: u32, call: Call) -> Result<Response, ErrorKind> {
        match &self.way {
            Way::Lan { endpoint, .. } => endpoint.call(session, call).await,
            Way::Device(device) => device.call(&call, self.credentials.timing.deadline).await,
        }
    }

    /// Sends Close Session and forgets the session.
    pub(super) async fn close(&self, session: u32) {
        if let Way::Lan { endpoint, .. } = &self.way {
            endpoint.close(session).await;
        }
    }

    /// The same without waiting.
    pub(super) fn close_later(&self, session: u32) {
        if let Way::Lan { endpoint, .. } = &self.way {
            endpoint.close_later(session);
        }
    }

    /// Forgets the session and sends nothing.
    pub(super) fn abandon(&self, session: u32) {
        if let Way::Lan { endpoint, .. } = &self.way {
            endpoint.abandon(session);
        }
    }

    /// What stands for a session where there is none; `None` where one has to be opened.
    pub(super) fn without_session(&self) -> Option<Opened> {
        match self.way {
            Way::Lan { .. } => None,
            Way::Device(_) => Some(Opened {
                id: NO_SESSION,
                managed_id: None,
                agreed: None,
                observed: Observed::default(),
                refused: Vec::new(),
                guid: None,
            }),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(opened) = state.opened.take() {
            self.close_later(opened.id);
        }
    }
}
