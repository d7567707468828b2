//! Control codes: the lines between a BMC and its machine that carry no messages.

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// One of them, and in which direction it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlCode {
    /// To the machine: nothing waits for software (`SMS_ATN` clear).
    ClearAttention,
    /// To the machine: something does (`SMS_ATN` set).
    SetAttention,
    /// To the machine: something does, and it raises an interrupt.
    SetAttentionAndInterrupt,
    /// To the machine: its power goes, now. QEMU ends.
    PowerOff,
    /// To the machine: it is reset. From it: it was. (QEMU 7.2 does not tell.)
    Reset,
    /// To the machine: its interface raises an interrupt with each answer from now on.
    EnableInterrupts,
    /// To the machine: it does not.
    DisableInterrupts,
    /// To the machine: a non-maskable interrupt.
    Nmi,
    /// From the machine: what of this it can do. Nothing, if it has not said.
    Capabilities(Capabilities),
    /// To the machine: its operating system is to shut down, as by its power button.
    GracefulShutdown,
    /// To the machine: its interface goes. (OpenIPMI's since 2026; QEMU 7.2 has no such thing.)
    DisableInterface,
    /// To the machine: its interface is there again.
    EnableInterface,
    /// Either way: the version of the protocol that is spoken.
    Version(u8),
    /// What nobody has told us of.
    Other {
        /// Its number.
        code: u8,
        /// What comes with it.
        data: Vec<u8>,
    },
}

/// What a virtual machine can be made to do. QEMU has all of the first six on x86.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capabilities(pub u8);

impl Capabilities {
    /// [`ControlCode::PowerOff`].
    pub const POWER: Self = Self(0x01);
    /// [`ControlCode::Reset`].
    pub const RESET: Self = Self(0x02);
    /// [`ControlCode::EnableInterrupts`] and its opposite.
    pub const INTERRUPTS: Self = Self(0x04);
    /// [`ControlCode::Nmi`].
    pub const NMI: Self = Self(0x08);
    /// [`ControlCode::SetAttention`] and its like.
    pub const ATTENTION: Self = Self(0x10);
    /// [`ControlCode::GracefulShutdown`].
    pub const GRACEFUL_SHUTDOWN: Self = Self(0x20);
    /// [`ControlCode::DisableInterface`] and its opposite.
    pub const ENABLE_INTERFACE: Self = Self(0x40);

    /// Whether all of these are among them.
    #[must_use]
    pub const fn has(self, these: Self) -> bool {
        self.0 & these.0 == these.0
    }

    /// Their names, in the protocol's order. Bits without a name are left out.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        const NAMES: [(Capabilities, &str); 7] = [
            (Capabilities::POWER, "power off"),
            (Capabilities::RESET, "reset"),
            (Capabilities::INTERRUPTS, "interrupts"),
            (Capabilities::NMI, "NMI"),
            (Capabilities::ATTENTION, "attention"),
            (Capabilities::GRACEFUL_SHUTDOWN, "graceful shutdown"),
            (Capabilities::ENABLE_INTERFACE, "interface on and off"),
        ];
        NAMES.into_iter().filter_map(move |(bit, name)| self.has(bit).then_some(name))
    }
}

impl ControlCode {
    const fn number(&self) -> u8 {
        match self {
            Self::ClearAttention => 0x00,
            Self::SetAttention => 0x01,
            Self::SetAttentionAndInterrupt => 0x02,
            Self::PowerOff => 0x03,
            Self::Reset => 0x04,
            Self::EnableInterrupts => 0x05,
            Self::DisableInterrupts => 0x06,
            Self::Nmi => 0x07,
            Self::Capabilities(_) => 0x08,
            Self::GracefulShutdown => 0x09,
            Self::DisableInterface => 0x0a,
            Self::EnableInterface => 0x0b,
            Self::Version(_) => 0xff,
            Self::Other { code, .. } => *code,
        }
    }
}

impl Encode for ControlCode {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.number());
        match self {
            Self::Capabilities(Capabilities(byte)) | Self::Version(byte) => out.push(*byte),
            Self::Other { data, .. } => out.extend_from_slice(data),
            _ => {}
        }
    }
}

impl Decode for ControlCode {
    /// Takes the whole input. What comes behind a code that has less is for a later version to know,
    /// and left out.
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let code = r.u8("control code")?;
        let decoded = match code {
            0x00 => Self::ClearAttention,
            0x01 => Self::SetAttention,
            0x02 => Self::SetAttentionAndInterrupt,
            0x03 => Self::PowerOff,
            0x04 => Self::Reset,
            0x05 => Self::EnableInterrupts,
            0x06 => Self::DisableInterrupts,
            0x07 => Self::Nmi,
            0x08 => Self::Capabilities(Capabilities(r.u8("capabilities")?)),
            0x09 => Self::GracefulShutdown,
            0x0a => Self::DisableInterface,
            0x0b => Self::EnableInterface,
            0xff => Self::Version(r.u8("protocol version")?),
            code => return Ok(Self::Other { code, data: r.take_rest().to_vec() }),
        };
        r.take_rest();
        Ok(decoded)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_code_has_its_byte() {
        for (code, bytes) in [
            (ControlCode::ClearAttention, &[0x00][..]),
            (ControlCode::SetAttention, &[0x01]),
            (ControlCode::SetAttentionAndInterrupt, &[0x02]),
            (ControlCode::PowerOff, &[0x03]),
            (ControlCode::Reset, &[0x04]),
            (ControlCode::EnableInterrupts, &[0x05]),
            (ControlCode::DisableInterrupts, &[0x06]),
            (ControlCode::Nmi, &[0x07]),
            (ControlCode::Capabilities(Capabilities(0x3f)), &[0x08, 0x3f]),
            (ControlCode::GracefulShutdown, &[0x09]),
            (ControlCode::DisableInterface, &[0x0a]),
            (ControlCode::EnableInterface, &[0x0b]),
            (ControlCode::Version(1), &[0xff, 0x01]),
            (ControlCode::Other { code: 0x0c, data: vec![7] }, &[0x0c, 7]),
        ] {
            assert_eq!(code.to_bytes(), bytes, "{code:?}");
            assert_eq!(ControlCode::decode_exact(bytes), Ok(code));
        }
    }

    #[test]
    fn what_lacks_its_byte_is_refused_and_what_has_more_is_not() {
        for (bytes, field) in
            [(&[][..], "control code"), (&[0x08], "capabilities"), (&[0xff], "protocol version")]
        {
            let error = DecodeError::Truncated { field, missing: 1 };
            assert_eq!(ControlCode::decode_exact(bytes), Err(error));
        }
        assert_eq!(ControlCode::decode_exact(&[0xff, 1, 2, 3]), Ok(ControlCode::Version(1)));
        assert_eq!(ControlCode::decode_exact(&[0x04, 9]), Ok(ControlCode::Reset));
    }

    #[test]
    fn capabilities_are_bits_with_names() {
        let qemu = Capabilities(0x3f);
        assert!(qemu.has(Capabilities::POWER) && qemu.has(Capabilities::GRACEFUL_SHUTDOWN));
        assert!(
            !qemu.has(Capabilities::ENABLE_INTERFACE)
                && !Capabilities::default().has(Capabilities::NMI)
        );
        assert_eq!(Capabilities(0x81).names().collect::<Vec<_>>(), ["power off"]);
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_comes_out_as_it_went_in(
            bytes in prop::collection::vec(any::<u8>(), 0..6),
        ) {
            if let Ok(code) = ControlCode::decode_exact(&bytes) {
                prop_assert_eq!(ControlCode::decode_exact(&code.to_bytes()), Ok(code));
            }
        }
    }
}
