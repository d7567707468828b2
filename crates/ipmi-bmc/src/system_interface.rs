//! What the host's own interface to the controller is made of. The controller hears the same
//! messages from each; it only has to say which it is.

use ipmi_wire::cmd::app::{
    BtInterfaceCapabilities, ChannelProtocol, SystemInterface, SystemInterfaceCapabilities,
};

/// A kind of system interface. IPMI v2.0 §9 to §12.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SystemInterfaceKind {
    /// Keyboard controller style.
    #[default]
    Kcs,
    /// Block transfer.
    Bt,
    /// SMBus.
    Ssif,
}

/// The longest message that any of them carries.
const LONGEST: u8 = 0xff;

impl SystemInterfaceKind {
    /// How it names itself in Get Channel Info. IPMI v2.0 §6.4, Table 6-2.
    pub(crate) const fn protocol(self) -> ChannelProtocol {
        match self {
            Self::Kcs => ChannelProtocol::KCS,
            Self::Bt => ChannelProtocol::BT,
            Self::Ssif => ChannelProtocol::SMBUS,
        }
    }

    /// Get System Interface Capabilities, if that is what it is. BT has a command of its own.
    pub(crate) fn capabilities(self, of: SystemInterface) -> Option<SystemInterfaceCapabilities> {
        match (self, of) {
            (Self::Kcs, SystemInterface::KCS) => {
                Some(SystemInterfaceCapabilities::Chip { version: 0, input: LONGEST })
            }
            (Self::Ssif, SystemInterface::SSIF) => Some(SystemInterfaceCapabilities::Ssif {
                transactions: START_MIDDLE_END,
                input: LONGEST,
                output: LONGEST,
            }),
            _ => None,
        }
    }

    /// Get BT Interface Capabilities, if that is what it is.
    pub(crate) const fn bt(self) -> Option<BtInterfaceCapabilities> {
        match self {
            Self::Bt => Some(BtInterfaceCapabilities {
                outstanding: 1,
                input: LONGEST,
                output: LONGEST,
                response_time: 5,
                retries: 2,
            }),
            Self::Kcs | Self::Ssif => None,
        }
    }
}

/// §22.9: transactions of several parts, also of more than two; no packet error codes.
const START_MIDDLE_END: u8 = 0b10 << 6;
