//! Get Asset Tag: a piece of it.

use super::text::asks_for_text;
use super::{GROUP, TextPiece};
use crate::command::{Access, Command};
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Get Asset Tag. DCMI v1.5 §6.4.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetAssetTag {
    /// Where the piece begins.
    pub offset: u8,
    /// How many bytes, up to [`TextPiece::MOST`].
    pub count: u8,
}

impl Command for GetAssetTag {
    type Response = TextPiece;
    const ID: CommandId = CommandId::group(GROUP, 0x06);
    const NAME: &'static str = "Get Asset Tag";
    const SECTION: &'static str = "DCMI v1.5 §6.4.2";
    const ACCESS: Access = Access::Session(Privilege::User);
}

asks_for_text!(GetAssetTag);
