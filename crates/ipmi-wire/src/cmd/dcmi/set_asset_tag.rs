//! Set Asset Tag: a piece of it.
//!
//! The tag is as long as its offset and its bytes together from then on: a shorter one needs no zeros.

use super::text::sets_text;
use super::{GROUP, TextLength};
use crate::command::{Access, Command, Effect};
use crate::netfn::CommandId;
use crate::privilege::Privilege;

/// Set Asset Tag. DCMI v1.5 §6.4.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAssetTag {
    /// Where the piece begins.
    pub offset: u8,
    /// Its bytes, up to [`TextPiece::MOST`](super::TextPiece::MOST).
    pub data: Vec<u8>,
}

impl Command for SetAssetTag {
    type Response = TextLength;
    const ID: CommandId = CommandId::group(GROUP, 0x08);
    const NAME: &'static str = "Set Asset Tag";
    const SECTION: &'static str = "DCMI v1.5 §6.4.3";
    const ACCESS: Access = Access::Session(Privilege::Operator);

    fn effect(&self) -> Effect {
        Effect::Idempotent
    }
}

sets_text!(SetAssetTag);
