//! `dcmi asset_tag` and `dcmi get_mc_id_string`, and how they are set: texts that go in pieces.

use ipmi_wire::cmd::dcmi::{
    GetAssetTag, GetManagementControllerIdentifierString, SetAssetTag,
    SetManagementControllerIdentifierString, TextPiece,
};
use ipmi_wire::{Command, CompletionCode, Decode, Encode, NetFn, Reader, Request};

use super::told;
use crate::ipmitool::tool::{Ended, Failed, Refusal, Tool};
use crate::ipmitool::word;

/// The longest text.
const MOST: usize = 64;

pub(super) async fn asset_tag(tool: &Tool) -> Ended {
    let read = async |offset, count| {
        let question = GetAssetTag { offset, count };
        let piece = piece_of_tag(tool, &question).await;
        // How the text is encoded is told by the code, once there is any text.
        match piece {
            Some((CompletionCode(0x80..=0x83), piece)) if count > 0 => Ok(piece),
            Some((code, piece)) if code.is_ok() => Ok(piece),
            Some((code, _)) => Err(Refusal::Code(code)),
            None => Err(Refusal::Silent),
        }
    };
    text(tool, "\n Asset tag: ", 0, read)
        .await
        .inspect_err(|_| tool.error("Error getting asset tag!"))
}

/// A piece with its code, which may be one and no failure.
async fn piece_of_tag(tool: &Tool, question: &GetAssetTag) -> Option<(CompletionCode, TextPiece)> {
    let mut data = Vec::new();
    question.encode(&mut data);
    let cmd = <GetAssetTag as Command>::ID.cmd;
    let request = Request { netfn: NetFn::GroupExtension, lun: 0, cmd, data };
    let answer = tool.send_raw(request).await?;
    let piece = TextPiece::decode(&mut Reader::new(&answer.data));
    match piece {
        Ok(piece) => Some((answer.completion, piece)),
        Err(_) if answer.completion.is_ok() => None,
        Err(_) => Some((answer.completion, TextPiece::default())),
    }
}

pub(super) async fn identifier(tool: &Tool) -> Ended {
    let read = async |offset, count| {
        tool.send(&GetManagementControllerIdentifierString { offset, count }).await
    };
    text(tool, "\n Get Management Controller Identifier String: ", 1, read)
        .await
        .inspect_err(|_| tool.error("Error getting management controller identifier string!"))
}

/// Shows a text: first it is asked how long it is.
async fn text(
    tool: &Tool,
    title: &str,
    first: u8,
    read: impl AsyncFn(u8, u8) -> Result<TextPiece, Refusal>,
) -> Ended {
    let mut left = told(tool, read(0, first).await)?.total;
    tool.print(title);
    let mut offset = 0_u8;
    while left > 0 {
        let count = left.min(TextPiece::MOST);
        let piece = told(tool, read(offset, count).await)?;
        tool.print_bytes(piece.data.get(..count.into()).unwrap_or(&piece.data));
        offset = offset.saturating_add(count);
        left = left.saturating_sub(count);
    }
    tool.print("\n");
    Ok(())
}

/// Pieces of a text, and where each begins.
fn pieces(text: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    (0_u8..).step_by(TextPiece::MOST.into()).zip(text.chunks(TextPiece::MOST.into()))
}

pub(super) async fn set_asset_tag(tool: &Tool, words: &[&str]) -> Ended {
    let text = word::bytes(words.first().copied().unwrap_or_default());
    let set = async || {
        if text.len() > MOST {
            tool.error("\nValue is too long.");
            return Err(Failed);
        }
        tool.print("\n Set Asset Tag: ");
        for (offset, piece) in pieces(&text) {
            told(tool, tool.send(&SetAssetTag { offset, data: piece.to_vec() }).await)?;
            tool.print_bytes(piece);
        }
        tool.print("\n");
        Ok(())
    };
    set().await.inspect_err(|_| tool.error("\nError setting asset tag!"))
}

pub(super) async fn set_identifier(tool: &Tool, words: &[&str]) -> Ended {
    let mut text = word::bytes(words.first().copied().unwrap_or_default()).into_owned();
    text.push(0);
    if text.len() > MOST {
        tool.error("\nValue is too long.");
        tool.error("Error setting management controller identifier string!");
        return Err(Failed);
    }
    tool.print("\n Set Management Controller Identifier String Command: ");
    for (offset, piece) in pieces(&text) {
        let data = piece.to_vec();
        let command = SetManagementControllerIdentifierString { offset, data };
        // Over the network the original does not look at the answer: some controllers start their
        // network anew instead of one. What it says is told, and counts as little.
        told(tool, tool.send(&command).await).ok();
        tool.print_bytes(piece);
    }
    tool.print("\n");
    Ok(())
}
