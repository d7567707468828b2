//! Set Management Controller Identifier String: a piece of it.
//!
//! Nothing changes before a piece with a zero byte comes, which ends the string.

use super::text::sets_text;
use super::{GROUP, TextLength};
use crate::command::{Access, Command, Effect};
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Set Management Controller Identifier String. DCMI v1.5 §6.4.6.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetManagementControllerIdentifierString {
    /// Where the piece begins.
    pub offset: u8,
    /// Its bytes, up to [`TextPiece::MOST`](super::TextPiece::MOST).
    pub data: Vec<u8>,
}

impl Command for SetManagementControllerIdentifierString {
    type Response = TextLength;
    const ID: CommandId = CommandId::group(GROUP, 0x0a);
    const NAME: &'static str = "Set Management Controller Identifier String";
    const SECTION: &'static str = "DCMI v1.5 §6.4.6.2";
    const ACCESS: Access = Access::Session(Privilege::Administrator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

sets_text!(SetManagementControllerIdentifierString);
