//! Get BT Interface Capabilities: how the host's own interface takes messages, if it is BT.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get BT Interface Capabilities. IPMI v2.0 §22.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetBtInterfaceCapabilities;

/// The answer to [`GetBtInterfaceCapabilities`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BtInterfaceCapabilities {
    /// How many requests it takes before it has answered the first.
    pub outstanding: u8,
    /// The longest message it takes, in bytes.
    pub input: u8,
    /// The longest message it gives, in bytes.
    pub output: u8,
    /// How long an answer takes at most, in seconds.
    pub response_time: u8,
    /// How often it should be asked again.
    pub retries: u8,
}

impl Command for GetBtInterfaceCapabilities {
    type Response = BtInterfaceCapabilities;
    const ID: CommandId = CommandId::new(NetFn::App, 0x36);
    const NAME: &'static str = "Get BT Interface Capabilities";
    const SECTION: &'static str = "IPMI v2.0 §22.10";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetBtInterfaceCapabilities);

impl Encode for BtInterfaceCapabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { outstanding, input, output, response_time, retries } = *self;
        out.extend([outstanding, input, output, response_time, retries]);
    }
}

impl Decode for BtInterfaceCapabilities {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes = r.array("BT interface capabilities")?;
        let [outstanding, input, output, response_time, retries] = bytes;
        Ok(Self { outstanding, input, output, response_time, retries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_what_linux_reads() {
        // drivers/char/ipmi/ipmi_bt_sm.c takes the first and the last two of these five.
        let bytes = [1, 0xff, 0xff, 5, 3];
        let answer = BtInterfaceCapabilities::decode_exact(&bytes).unwrap();
        assert_eq!((answer.outstanding, answer.response_time, answer.retries), (1, 5, 3));
        assert_eq!(answer.to_bytes(), bytes);
        assert!(BtInterfaceCapabilities::decode_exact(&bytes[..4]).is_err());
        assert!(GetBtInterfaceCapabilities.to_bytes().is_empty());
    }
}
