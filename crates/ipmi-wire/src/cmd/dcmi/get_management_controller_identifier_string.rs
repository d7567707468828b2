//! Get Management Controller Identifier String: a piece of it.

use super::text::asks_for_text;
use super::{GROUP, TextPiece};
use crate::command::{Access, Command};
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Get Management Controller Identifier String. DCMI v1.5 §6.4.6.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetManagementControllerIdentifierString {
    /// Where the piece begins.
    pub offset: u8,
    /// How many bytes, up to [`TextPiece::MOST`].
    pub count: u8,
}

impl Command for GetManagementControllerIdentifierString {
    type Response = TextPiece;
    const ID: CommandId = CommandId::group(GROUP, 0x09);
    const NAME: &'static str = "Get Management Controller Identifier String";
    const SECTION: &'static str = "DCMI v1.5 §6.4.6.1";
    const ACCESS: Access = Access::Session(Privilege::User);
}

asks_for_text!(GetManagementControllerIdentifierString);
