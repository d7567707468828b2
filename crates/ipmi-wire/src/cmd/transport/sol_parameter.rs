//! The SOL configuration parameters. IPMI v2.0 §26.3, Table 26-5.

use super::lan_parameter::{progress, progress_number};
use crate::cmd::chassis::SetInProgress;
use crate::codec::{DecodeError, Encode, Reader};
use crate::privilege::Channel;

/// A configuration parameter of serial over LAN and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SolParameter {
    /// 0: whether somebody is setting others.
    SetInProgress(SetInProgress),
    /// 1: whether there is serial over LAN.
    Enable(bool),
    /// 2: what it takes.
    Authentication(SolAuthentication),
    /// 3: when characters are sent.
    Accumulate {
        /// Time that characters are gathered for, in units of 5 ms; 0 is reserved.
        interval: u8,
        /// As soon as there are so many they are sent.
        threshold: u8,
    },
    /// 4: what happens to a packet that is not acknowledged.
    Retry {
        /// How often it is sent again, 3 bits.
        count: u8,
        /// Time between, in units of 10 ms.
        interval: u8,
    },
    /// 5: bit rate after a start of the controller.
    NonVolatileBitRate(BitRate),
    /// 6: bit rate now.
    VolatileBitRate(BitRate),
    /// 7: the channel that its payload goes over. Read-only.
    PayloadChannel(Channel),
    /// 8: the UDP port that its payload goes to.
    PayloadPort(u16),
    /// Any other, as it came.
    Other {
        /// Its number.
        selector: u8,
        /// Its value.
        data: Vec<u8>,
    },
}

/// What serial over LAN takes: parameter 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SolAuthentication {
    /// Its payload is always encrypted; else the console chooses.
    pub force_encryption: bool,
    /// Its payload is always authenticated; else the console chooses.
    pub force_authentication: bool,
    /// Privilege level that activating it takes, 4 bits: 2 User to 5 OEM.
    pub privilege: u8,
}

/// A bit rate: parameters 5 and 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BitRate(u8);

impl BitRate {
    /// As the serial channel is set.
    pub const SERIAL: Self = Self(0);
    /// 9600 bit/s.
    pub const B9600: Self = Self(6);
    /// 19200 bit/s.
    pub const B19200: Self = Self(7);
    /// 38400 bit/s.
    pub const B38400: Self = Self(8);
    /// 57600 bit/s.
    pub const B57600: Self = Self(9);
    /// 115200 bit/s.
    pub const B115200: Self = Self(10);

    /// The bit rate of a 4-bit number.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        Self(number & 0x0f)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl SolParameter {
    /// Its number.
    #[must_use]
    pub const fn selector(&self) -> u8 {
        match self {
            Self::SetInProgress(_) => 0,
            Self::Enable(_) => 1,
            Self::Authentication(_) => 2,
            Self::Accumulate { .. } => 3,
            Self::Retry { .. } => 4,
            Self::NonVolatileBitRate(_) => 5,
            Self::VolatileBitRate(_) => 6,
            Self::PayloadChannel(_) => 7,
            Self::PayloadPort(_) => 8,
            Self::Other { selector, .. } => *selector,
        }
    }

    /// Reads the data of the parameter `selector`.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode(selector: u8, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match selector {
            0 => Self::SetInProgress(progress(r)?),
            1 => Self::Enable(r.u8("SOL enable")? & 1 != 0),
            2 => {
                let bits = r.u8("SOL authentication")?;
                Self::Authentication(SolAuthentication {
                    force_encryption: bits & 0x80 != 0,
                    force_authentication: bits & 0x40 != 0,
                    privilege: bits & 0x0f,
                })
            }
            3 => {
                let [interval, threshold] = r.array("character accumulate interval")?;
                Self::Accumulate { interval, threshold }
            }
            4 => {
                let [count, interval] = r.array("SOL retry")?;
                Self::Retry { count: count & 7, interval }
            }
            5 => Self::NonVolatileBitRate(BitRate::from_number(r.u8("bit rate")?)),
            6 => Self::VolatileBitRate(BitRate::from_number(r.u8("bit rate")?)),
            7 => Self::PayloadChannel(Channel::new(r.u8("payload channel")?)),
            8 => Self::PayloadPort(r.u16("payload port")?),
            _ => Self::Other { selector, data: r.take_rest().to_vec() },
        })
    }
}

/// The parameter's data, without its selector.
impl Encode for SolParameter {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::SetInProgress(state) => out.push(progress_number(*state)),
            Self::Enable(enable) => out.push(u8::from(*enable)),
            Self::Authentication(authentication) => out.push(
                (u8::from(authentication.force_encryption) << 7)
                    | (u8::from(authentication.force_authentication) << 6)
                    | (authentication.privilege & 0x0f),
            ),
            Self::Accumulate { interval, threshold } => out.extend([*interval, *threshold]),
            Self::Retry { count, interval } => out.extend([count & 7, *interval]),
            Self::NonVolatileBitRate(rate) | Self::VolatileBitRate(rate) => out.push(rate.number()),
            Self::PayloadChannel(channel) => out.push(channel.number()),
            Self::PayloadPort(port) => out.extend(port.to_le_bytes()),
            Self::Other { data, .. } => out.extend(data),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `ipmitool sol info` and `sol set` read and write them (1.8.19, lib/ipmi_sol.c); FreeIPMI's
    /// templates have the same layouts.
    #[test]
    fn every_parameter_has_its_form() {
        use SolParameter as P;
        let authentication =
            SolAuthentication { force_encryption: true, force_authentication: true, privilege: 2 };
        let parameters: [(P, &[u8]); 9] = [
            (P::SetInProgress(SetInProgress::InProgress), &[1]),
            (P::Enable(true), &[1]),
            (P::Authentication(authentication), &[0xc2]),
            (P::Accumulate { interval: 12, threshold: 96 }, &[12, 96]),
            (P::Retry { count: 7, interval: 50 }, &[7, 50]),
            (P::NonVolatileBitRate(BitRate::B115200), &[0x0a]),
            (P::VolatileBitRate(BitRate::B9600), &[0x06]),
            (P::PayloadChannel(Channel::new(1)), &[1]),
            (P::PayloadPort(623), &[0x6f, 0x02]),
        ];
        for (selector, (parameter, bytes)) in (0..).zip(parameters) {
            let mut r = Reader::new(bytes);
            assert_eq!(P::decode(selector, &mut r).as_ref(), Ok(&parameter));
            assert!(r.is_empty());
            assert_eq!((parameter.selector(), parameter.to_bytes()), (selector, bytes.to_vec()));
            assert!(P::decode(selector, &mut Reader::new(&bytes[1..])).is_err());
        }
        let other = P::Other { selector: 192, data: vec![1, 2] };
        assert_eq!(P::decode(192, &mut Reader::new(&[1, 2])), Ok(other.clone()));
        assert_eq!((other.selector(), other.to_bytes()), (192, vec![1, 2]));
    }

    #[test]
    fn what_is_reserved_is_not_kept() {
        assert!(SolParameter::decode(0, &mut Reader::new(&[3])).is_err());
        let rate = SolParameter::decode(5, &mut Reader::new(&[0xfa])).unwrap();
        assert_eq!(rate, SolParameter::NonVolatileBitRate(BitRate::B115200));
    }
}
