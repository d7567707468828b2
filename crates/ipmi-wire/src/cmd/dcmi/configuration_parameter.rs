//! How a controller makes itself known by DHCP. DCMI v1.5 §6.1.2, Table 6-4.

use crate::codec::{DecodeError, Encode, Reader};

/// A DCMI configuration parameter. The first is written only and reads as 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigurationParameter {
    /// 1: with `true`, DHCP begins anew with what the others say.
    ActivateDhcp(bool),
    /// 2: what the controller tells the DHCP server.
    Discovery(DiscoveryConfiguration),
    /// 3: seconds that a server has to answer the first request.
    InitialTimeout(u8),
    /// 4: seconds for which one is tried to be reached.
    ContactTimeout(u16),
    /// 5: seconds until it is tried again.
    ContactRetry(u16),
    /// Any other.
    Other {
        /// Its selector.
        selector: u8,
        /// Its value.
        data: Vec<u8>,
    },
}

/// What a controller tells a DHCP server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiscoveryConfiguration {
    /// Option 12: the identifier string as its host name.
    pub host_name: bool,
    /// Options 60 and 43: that it is a controller of DCMI, and what it can.
    pub vendor_class: bool,
    /// It waits for a random time between tries.
    pub random_back_off: bool,
}

impl ConfigurationParameter {
    /// The parameter's selector.
    #[must_use]
    pub const fn selector(&self) -> u8 {
        match self {
            Self::ActivateDhcp(_) => 1,
            Self::Discovery(_) => 2,
            Self::InitialTimeout(_) => 3,
            Self::ContactTimeout(_) => 4,
            Self::ContactRetry(_) => 5,
            Self::Other { selector, .. } => *selector,
        }
    }

    /// Reads the value of a parameter.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode(selector: u8, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match selector {
            1 => Self::ActivateDhcp(r.u8("activate DHCP")? & 1 != 0),
            2 => {
                let bits = r.u8("discovery configuration")?;
                Self::Discovery(DiscoveryConfiguration {
                    host_name: bits & 0x01 != 0,
                    vendor_class: bits & 0x02 != 0,
                    random_back_off: bits & 0x80 != 0,
                })
            }
            3 => Self::InitialTimeout(r.u8("initial timeout interval")?),
            4 => Self::ContactTimeout(r.u16("server contact timeout interval")?),
            5 => Self::ContactRetry(r.u16("server contact retry interval")?),
            _ => Self::Other { selector, data: r.take_rest().to_vec() },
        })
    }
}

/// The value alone, without its selector.
impl Encode for ConfigurationParameter {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::ActivateDhcp(now) => out.push((*now).into()),
            Self::Discovery(DiscoveryConfiguration {
                host_name,
                vendor_class,
                random_back_off,
            }) => {
                let flag = |on: &bool, bit: u8| u8::from(*on) << bit;
                out.push(flag(host_name, 0) | flag(vendor_class, 1) | flag(random_back_off, 7));
            }
            Self::InitialTimeout(seconds) => out.push(*seconds),
            Self::ContactTimeout(seconds) | Self::ContactRetry(seconds) => {
                out.extend(seconds.to_le_bytes());
            }
            Self::Other { data, .. } => out.extend(data),
        }
    }
}
