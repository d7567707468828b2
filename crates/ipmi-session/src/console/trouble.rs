//! Whether to believe the network when it says that nothing gets to the BMC.
//!
//! On a network port that BMC and host share, the host's own system may answer for the BMC with
//! "port unreachable" to every datagram, while the BMC answers the same datagram properly. And ICMP
//! proves nothing: who guesses the ports can make it up. So a genuine answer always counts for more.

use core::fmt;
use std::time::{Duration, Instant};

use crate::timing::later;

/// What the network says of a datagram that it did not deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unreachable {
    /// There is a machine, and nobody listens at the port.
    Port,
    /// There is no such machine, or it is off.
    Host,
    /// There is no way to its network.
    Network,
    /// A firewall does not let it through.
    Prohibited,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Port => "the port is closed",
            Self::Host => "the host is unreachable",
            Self::Network => "the network is unreachable",
            Self::Prohibited => "a firewall prohibits it",
        })
    }
}

/// How long the BMC has to speak for itself.
const GRACE: Duration = Duration::from_millis(50);

/// What the network said.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// Nothing gets there; believed when the time has come.
    Reported { what: Unreachable, believed_at: Instant },
    /// It said so, and then the BMC answered: somebody else speaks for it.
    Refuted,
}

impl Trouble {
    /// Nothing gets there, the network says.
    pub(super) fn report(&mut self, now: Instant, what: Unreachable) {
        if matches!(self, Self::None) {
            *self = Self::Reported { what, believed_at: later(now, GRACE) };
        }
    }

    /// The BMC has answered.
    pub(super) const fn refute(&mut self) {
        if matches!(self, Self::Reported { .. }) {
            *self = Self::Refuted;
        }
    }

    /// When it is to be believed.
    pub(super) const fn due(&self) -> Option<Instant> {
        match self {
            Self::Reported { believed_at, .. } => Some(*believed_at),
            Self::None | Self::Refuted => None,
        }
    }

    /// What is to be believed now.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Unreachable> {
        let Self::Reported { what, believed_at } = *self else { return None };
        (now >= believed_at).then(|| {
            *self = Self::None;
            what
        })
    }
}
