//! Close Session: frees a session's slot.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::completion::CompletionCode;
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Close Session. IPMI v2.0 §22.19.
///
/// Any level may close its own session; another's takes Administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseSession {
    /// The session's ID as the controller chose it; 0 if the handle is given instead.
    pub session_id: u32,
    /// The session's handle; only sent, and only read, if `session_id` is 0.
    pub handle: Option<u8>,
}

impl Command for CloseSession {
    type Response = ();
    const ID: CommandId = CommandId::new(NetFn::App, 0x3c);
    const NAME: &'static str = "Close Session";
    const SECTION: &'static str = "IPMI v2.0 §22.19";
    const ACCESS: Access = Access::Session(Privilege::Callback);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }

    fn explain(code: CompletionCode) -> Option<&'static str> {
        Some(match code.0 {
            0x87 => "no session has this ID",
            0x88 => "no session has this handle",
            _ => return None,
        })
    }
}

impl Encode for CloseSession {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.session_id.to_le_bytes());
        if self.session_id == 0 {
            out.extend(self.handle);
        }
    }
}

impl Decode for CloseSession {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let session_id = r.u32("session ID")?;
        let handle = if session_id == 0 { r.optional_u8() } else { None };
        Ok(Self { session_id, handle })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handle_is_for_want_of_an_id() {
        let by_id = CloseSession::decode_exact(&[1, 2, 3, 4]).unwrap();
        assert_eq!(by_id, CloseSession { session_id: 0x0403_0201, handle: None });
        assert_eq!(by_id.to_bytes(), [1, 2, 3, 4]);
        let by_handle = CloseSession::decode_exact(&[0, 0, 0, 0, 7]).unwrap();
        assert_eq!(by_handle, CloseSession { session_id: 0, handle: Some(7) });
        assert_eq!(by_handle.to_bytes(), [0, 0, 0, 0, 7]);
        assert!(CloseSession::decode_exact(&[1, 2, 3, 4, 7]).is_err());
    }

    #[test]
    fn its_own_codes_are_explained() {
        assert!(CloseSession::explain(CompletionCode(0x87)).is_some());
        assert!(CloseSession::explain(CompletionCode(0x80)).is_none());
    }
}
