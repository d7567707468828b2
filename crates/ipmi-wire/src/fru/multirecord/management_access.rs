//! Multirecord 03h: where to find management.

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// An address or a name. FRU Definition §18.4.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ManagementAccess {
    /// What it is.
    pub kind: ManagementAccessKind,
    /// The address or name.
    pub data: Vec<u8>,
}

/// What a [`ManagementAccess`] record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ManagementAccessKind {
    /// 01h: URL of the system's management.
    SystemUrl,
    /// 02h: the system's name.
    SystemName,
    /// 03h: where to ping the system.
    SystemPingAddress,
    /// 04h: URL of the component's management.
    ComponentUrl,
    /// 05h: the component's name.
    ComponentName,
    /// 06h: where to ping the component.
    ComponentPingAddress,
    /// 07h: the system's unique ID, 16 bytes.
    SystemUniqueId,
    /// Any other.
    Other(u8),
}

impl ManagementAccess {
    /// The contents as text, unless they are a unique ID.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        (self.kind != ManagementAccessKind::SystemUniqueId)
            .then(|| self.data.iter().map(|byte| char::from(*byte)).collect())
    }
}

impl ManagementAccessKind {
    /// The kind with this number.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        match number {
            1 => Self::SystemUrl,
            2 => Self::SystemName,
            3 => Self::SystemPingAddress,
            4 => Self::ComponentUrl,
            5 => Self::ComponentName,
            6 => Self::ComponentPingAddress,
            7 => Self::SystemUniqueId,
            other => Self::Other(other),
        }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::SystemUrl => 1,
            Self::SystemName => 2,
            Self::SystemPingAddress => 3,
            Self::ComponentUrl => 4,
            Self::ComponentName => 5,
            Self::ComponentPingAddress => 6,
            Self::SystemUniqueId => 7,
            Self::Other(number) => number,
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SystemUrl => "system management URL",
            Self::SystemName => "system name",
            Self::SystemPingAddress => "system ping address",
            Self::ComponentUrl => "component management URL",
            Self::ComponentName => "component name",
            Self::ComponentPingAddress => "component ping address",
            Self::SystemUniqueId => "system unique ID",
            Self::Other(_) => "unknown",
        }
    }
}

impl Encode for ManagementAccess {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.kind.number());
        out.extend(&self.data);
    }
}

impl Decode for ManagementAccess {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let kind = ManagementAccessKind::new(r.u8("sub-record type")?);
        Ok(Self { kind, data: r.take_rest().to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_keeps_its_number() {
        for number in 0..=255 {
            assert_eq!(ManagementAccessKind::new(number).number(), number);
        }
        let name = ManagementAccess::decode_exact(b"\x02node7").unwrap();
        assert_eq!(
            (name.kind, name.text().unwrap().as_str()),
            (ManagementAccessKind::SystemName, "node7")
        );
        assert_eq!(name.to_bytes(), b"\x02node7");
        assert!(ManagementAccess::decode_exact(&[]).is_err());
        assert_eq!(ManagementAccess::decode_exact(&[7; 17]).unwrap().text(), None);
    }
}
