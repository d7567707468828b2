//! The asset tag and the identifier string, which come and go in pieces of 16 bytes.

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::dcmi::{TextLength, TextPiece};
use ipmi_wire::cmd::transport::MacAddress;

use crate::dispatch::Outcome;
use crate::nvram::{Journal, setting};

const BAD: CompletionCode = CompletionCode::PARAMETER_OUT_OF_RANGE;

/// A piece of a text.
fn piece(text: &[u8], offset: u8, count: u8) -> Outcome<TextPiece> {
    if count > TextPiece::MOST {
        return Err(BAD);
    }
    let rest = text.get(usize::from(offset)..).ok_or(BAD)?;
    let data = rest.iter().take(count.into()).copied().collect();
    Ok(TextPiece { total: length(text), data })
}

/// Writes a piece: what it replaces and all behind it is gone.
fn write(text: &[u8], offset: u8, data: &[u8], most: usize) -> Outcome<Vec<u8>> {
    let before = text.get(..usize::from(offset)).ok_or(BAD)?;
    let all = [before, data].concat();
    let fits = data.len() <= TextPiece::MOST.into() && all.len() <= most;
    if fits { Ok(all) } else { Err(BAD) }
}

fn length(text: &[u8]) -> u8 {
    u8::try_from(text.len()).unwrap_or(u8::MAX)
}

/// The asset tag. DCMI v1.5 §6.4.2 and §6.4.3.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tag(Vec<u8>);

impl Tag {
    /// The most bytes that it has.
    const MOST: usize = 63;

    pub(super) fn new(kept: &[u8]) -> Self {
        Self(kept.to_vec())
    }

    /// Get Asset Tag.
    ///
    /// # Errors
    /// C9h for more than a piece, and behind the end.
    pub(crate) fn get(&self, offset: u8, count: u8) -> Outcome<TextPiece> {
        piece(&self.0, offset, count)
    }

    /// Set Asset Tag: it ends behind this piece.
    ///
    /// # Errors
    /// C9h for more than a piece, for one that leaves a gap, and for more than 63 bytes in all.
    pub(crate) fn set(
        &mut self,
        offset: u8,
        data: &[u8],
        journal: &mut Journal,
    ) -> Outcome<TextLength> {
        let tag = write(&self.0, offset, data, Self::MOST)?;
        if tag != self.0 || journal.is_in_doubt() {
            journal.put_bytes(setting::ASSET_TAG, tag.clone());
            self.0 = tag;
        }
        Ok(TextLength { total: Some(length(&self.0)) })
    }
}

/// The management controller's identifier string. DCMI v1.5 §6.4.6.
#[derive(Clone, Debug)]
pub(crate) struct Identifier {
    text: Vec<u8>,
    /// Pieces of the next one, which lack its end.
    coming: Vec<u8>,
}

impl Identifier {
    /// The most bytes that it has, with the zero that ends it.
    const MOST: usize = 64;

    /// What was kept, or as the specification has it: "DCMI" and the hardware address.
    pub(super) fn new(kept: Option<&[u8]>, mac: MacAddress) -> Self {
        let delivered = || {
            let digits = mac.0.iter().map(|byte| format!("{byte:02X}"));
            format!("DCMI{}", digits.collect::<String>()).into_bytes()
        };
        Self { text: kept.map_or_else(delivered, <[u8]>::to_vec), coming: Vec::new() }
    }

    pub(super) fn reset(&mut self) {
        self.coming.clear();
    }

    /// Get Management Controller Identifier String. Its length does not count the zero.
    ///
    /// # Errors
    /// C9h for more than a piece, and behind the end.
    pub(crate) fn get(&self, offset: u8, count: u8) -> Outcome<TextPiece> {
        piece(&self.text, offset, count)
    }

    /// Set Management Controller Identifier String: it is in force once a piece ends it by a zero.
    ///
    /// # Errors
    /// C9h for more than a piece, for one that leaves a gap, and for more than 64 bytes in all.
    pub(crate) fn set(
        &mut self,
        offset: u8,
        data: &[u8],
        journal: &mut Journal,
    ) -> Outcome<TextLength> {
        let coming = write(&self.coming, offset, data, Self::MOST)?;
        let total = Some(length(&coming));
        if let Some(end) = coming.iter().position(|byte| *byte == 0) {
            let text = coming.get(..end).unwrap_or_default().to_vec();
            if text != self.text || journal.is_in_doubt() {
                journal.put_bytes(setting::IDENTIFIER, text.clone());
                self.text = text;
            }
        }
        self.coming = coming;
        Ok(TextLength { total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_ends_where_it_was_last_written() {
        let (mut tag, mut journal) = (Tag::default(), Journal::default());
        assert_eq!(tag.get(0, 16).unwrap(), TextPiece::default());
        let long = [b'x'; 63];
        for (at, data) in long.chunks(16).enumerate() {
            let offset = u8::try_from(at * 16).unwrap();
            let end = usize::from(offset) + data.len();
            let told = tag.set(offset, data, &mut journal).unwrap();
            assert_eq!(told.total.map(usize::from), Some(end));
        }
        let last = tag.get(48, 16).unwrap();
        assert_eq!((last.total, last.data.len()), (63, 15));
        assert_eq!(tag.set(32, b"abcd", &mut journal).unwrap().total, Some(36));
        assert_eq!(tag.get(32, 16).unwrap().data, b"abcd");
        for (offset, data) in [(37, &b"x"[..]), (0, &[b'x'; 17]), (255, b"")] {
            assert_eq!(tag.set(offset, data, &mut journal), Err(BAD));
        }
        assert_eq!([tag.get(37, 1), tag.get(0, 17)], [Err(BAD), Err(BAD)]);
        assert_eq!(tag.set(0, b"", &mut journal).unwrap().total, Some(0));
        // No room for a 64th byte.
        for offset in [0, 16, 32] {
            tag.set(offset, &[b'y'; 16], &mut journal).unwrap();
        }
        assert_eq!(tag.set(48, &[b'y'; 16], &mut journal), Err(BAD));
    }

    #[test]
    fn an_identifier_is_not_changed_before_its_end_has_come() {
        let mac = MacAddress([0x02, 0, 0, 0xab, 0, 1]);
        let (mut id, mut journal) = (Identifier::new(None, mac), Journal::default());
        assert_eq!(id.get(0, 16).unwrap().data, b"DCMI020000AB0001");
        id.set(0, b"rack1-node02-bmc", &mut journal).unwrap();
        assert_eq!((id.get(0, 4).unwrap().data, journal.take().len()), (b"DCMI".to_vec(), 0));
        assert_eq!(id.set(16, b".x\0", &mut journal).unwrap().total, Some(19));
        assert_eq!(
            (id.get(16, 16).unwrap().data, id.get(0, 1).unwrap().total),
            (b".x".to_vec(), 18)
        );
        assert_eq!(journal.take().len(), 1);
        // The 64th byte is for the zero.
        for offset in [0, 16, 32, 48] {
            id.set(offset, &[b'z'; 16], &mut journal).unwrap();
        }
        assert_eq!(id.set(64, b"\0", &mut journal), Err(BAD));
        assert_eq!(id.get(0, 1).unwrap().total, 18);
        id.set(48, b"zzzzzzzzzzzzzzz\0", &mut journal).unwrap();
        assert_eq!(id.get(0, 1).unwrap().total, 63);
        id.set(0, b"a", &mut journal).unwrap();
        id.reset();
        assert_eq!(id.set(1, b"\0", &mut journal), Err(BAD));
    }
}
