//! Activate Payload: asks for packets of a type beside IPMI messages in this session.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Activate Payload. IPMI v2.0 §24.1.
///
/// What it takes is the payload's own: for Serial over LAN it is SOL parameter 2 and the user's
/// payload access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivatePayload {
    /// Which payload type, 6 bits: 01h is Serial over LAN.
    pub payload_type: u8,
    /// Which instance, 1 to 15.
    pub instance: u8,
    /// The payload type's own; of Serial over LAN see [`SolActivation`].
    pub auxiliary: [u8; 4],
}

/// How Serial over LAN is to be: the first auxiliary byte of [`ActivatePayload`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SolActivation {
    /// Its packets are encrypted.
    pub encrypt: bool,
    /// Its packets are authenticated.
    pub authenticate: bool,
    /// For a test: the BMC echoes, and passes nothing on.
    pub test_mode: bool,
    /// What becomes of alerts over the same serial port, 2 bits: 0 fail, 1 deferred, 2 succeed.
    pub shared_alerts: u8,
    /// CTS, DCD and DSR stay off until the console says otherwise.
    pub hold_lines: bool,
}

/// The answer to [`ActivatePayload`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadActivated {
    /// The payload type's own; of Serial over LAN, bit 0 says that test mode is on.
    pub auxiliary: [u8; 4],
    /// The largest payload that the BMC takes, in bytes, header of the payload type included.
    pub inbound: u16,
    /// The largest payload that the BMC sends.
    pub outbound: u16,
    /// The BMC's UDP port for it.
    pub port: u16,
    /// VLAN for it; FFFFh for none.
    pub vlan: u16,
}

impl ActivatePayload {
    /// Instance `instance` of Serial over LAN.
    #[must_use]
    pub const fn sol(instance: u8, activation: SolActivation) -> Self {
        Self { payload_type: 1, instance, auxiliary: [activation.number(), 0, 0, 0] }
    }
}

impl SolActivation {
    /// The byte on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        (if self.encrypt { 0x80 } else { 0 })
            | (if self.authenticate { 0x40 } else { 0 })
            | (if self.test_mode { 0x20 } else { 0 })
            | (self.shared_alerts & 3) << 2
            | (if self.hold_lines { 0x02 } else { 0 })
    }

    /// What the byte says.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        Self {
            encrypt: number & 0x80 != 0,
            authenticate: number & 0x40 != 0,
            test_mode: number & 0x20 != 0,
            shared_alerts: number >> 2 & 3,
            hold_lines: number & 0x02 != 0,
        }
    }
}

impl PayloadActivated {
    /// No VLAN.
    pub const NO_VLAN: u16 = 0xffff;
}

impl Command for ActivatePayload {
    type Response = PayloadActivated;
    const ID: CommandId = CommandId::new(NetFn::App, 0x48);
    const NAME: &'static str = "Activate Payload";
    const SECTION: &'static str = "IPMI v2.0 §24.1";
    /// At least; the rest is the payload's own affair.
    const ACCESS: Access = Access::Session(Privilege::User);

    /// What is active is not activated again, not even by the same session.
    fn effect(&self) -> Effect {
        Effect::Once
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code.0 {
            0x80 => "the payload is already active, perhaps in another session",
            0x81 => "the payload type is disabled",
            0x82 => "no more instances of the payload can be active",
            0x83 => "the payload cannot be activated with encryption",
            0x84 => "the payload cannot be activated without encryption",
            _ => return None,
        })
    }
}

impl Encode for ActivatePayload {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.payload_type & 0x3f, self.instance & 0x0f]);
        out.extend(self.auxiliary);
    }
}

impl Decode for ActivatePayload {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let payload_type = r.u8("payload type")? & 0x3f;
        let instance = r.u8("payload instance")? & 0x0f;
        Ok(Self { payload_type, instance, auxiliary: r.array("auxiliary request data")? })
    }
}

impl Encode for PayloadActivated {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.auxiliary);
        for number in [self.inbound, self.outbound, self.port, self.vlan] {
            out.extend(number.to_le_bytes());
        }
    }
}

impl Decode for PayloadActivated {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let auxiliary = r.array("auxiliary response data")?;
        let inbound = r.u16("inbound payload size")?;
        let outbound = r.u16("outbound payload size")?;
        let port = r.u16("payload UDP port")?;
        let vlan = r.u16("payload VLAN")?;
        Ok(Self { auxiliary, inbound, outbound, port, vlan })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_ipmitool_asks_for_it() {
        // ipmitool 1.8.19, `sol activate`: deferred alerts, lines on hold.
        let bytes = [0x01, 0x01, 0xc6, 0, 0, 0];
        let request = ActivatePayload::decode_exact(&bytes).unwrap();
        let activation = SolActivation::from_number(request.auxiliary[0]);
        assert_eq!(
            activation,
            SolActivation {
                encrypt: true,
                authenticate: true,
                test_mode: false,
                shared_alerts: 1,
                hold_lines: true,
            }
        );
        assert_eq!(ActivatePayload::sol(1, activation), request);
        assert_eq!(request.to_bytes(), bytes);
        assert_eq!(request.effect(), Effect::Once);
        for length in 0..6 {
            assert!(ActivatePayload::decode_exact(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn sizes_port_and_no_vlan() {
        let bytes = [0, 0, 0, 0, 0x03, 0x01, 0x00, 0x01, 0x6f, 0x02, 0xff, 0xff];
        let answer = PayloadActivated::decode_exact(&bytes).unwrap();
        assert_eq!((answer.inbound, answer.outbound, answer.port), (259, 256, 623));
        assert_eq!(answer.vlan, PayloadActivated::NO_VLAN);
        assert_eq!(answer.to_bytes(), bytes);
        for length in 0..12 {
            assert!(PayloadActivated::decode_exact(&bytes[..length]).is_err());
        }
        // As OpenIPMI's ipmi_sim 2.0.33 answers, at port 9623.
        let bytes = [0, 0, 0, 0, 0x20, 0, 0, 0x40, 0x97, 0x25, 0xff, 0xff];
        let answer = PayloadActivated::decode_exact(&bytes).unwrap();
        assert_eq!((answer.inbound, answer.outbound, answer.port), (32, 0x4000, 9623));
    }

    #[test]
    fn every_byte_of_an_activation_reads_back() {
        for number in 0..=u8::MAX {
            assert_eq!(SolActivation::from_number(number).number(), number & 0xee);
        }
    }
}
