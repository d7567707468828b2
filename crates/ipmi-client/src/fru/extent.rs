//! How far a FRU device is written on, found out while it is read.
//!
//! Source: FRU Information Storage Definition v1.0, §8 to §12 and §16.

/// How many bytes from the beginning are needed to tell what is on a device, as far as `bytes`, the
/// beginning, shows. Once they are there, asking again tells whether more are needed.
pub(super) fn needed(bytes: &[u8]) -> usize {
    const HEADER: usize = 8;
    let Some([version, _internal, chassis, board, product, multi, _, _]) = bytes.first_chunk()
    else {
        return HEADER;
    };
    // Anything else is no common header, and not understood further.
    if version & 0x0f != 1 {
        return HEADER;
    }
    let start = |offset: u8| usize::from(offset).saturating_mul(8);
    let areas = [chassis, board, product].into_iter().filter(|offset| **offset != 0);
    // The second byte of an area is its length. The internal use area has none, and is nobody's
    // business but its owner's.
    let ends = areas.map(|offset| {
        let start = start(*offset);
        match bytes.get(start.saturating_add(1)) {
            Some(length) => start.saturating_add(usize::from(*length).saturating_mul(8)),
            None => start.saturating_add(2),
        }
    });
    let records = if *multi == 0 { 0 } else { end_of_records(bytes, start(*multi)) };
    ends.fold(HEADER, usize::max).max(records)
}

/// Where the multirecords that begin at `at` end, or how much is needed to tell.
fn end_of_records(bytes: &[u8], mut at: usize) -> usize {
    loop {
        let header = bytes.get(at..).and_then(|rest| rest.first_chunk());
        let Some([_, format, length, _, _]) = header else { return at.saturating_add(5) };
        at = at.saturating_add(5).saturating_add(usize::from(*length));
        // The last one says so.
        if format & 0x80 != 0 {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_with_what_was_read() {
        // By hand: a board area of 16 bytes at 8, two multirecords of 3 and 4 bytes at 24.
        let mut image = vec![1, 0, 0, 1, 0, 3, 0, 0xfb];
        image.extend([1, 2, 0, 0, 0, 0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc1, 0, 0, 0, 0]);
        image.extend([0xc0, 0x02, 3, 0, 0, 9, 9, 9]);
        image.extend([0xc0, 0x82, 4, 0, 0, 9, 9, 9, 9]);
        let whole = image.len();
        assert_eq!(needed(&[]), 8);
        assert_eq!(needed(&image[..8]), 29);
        assert_eq!(needed(&image[..29]), 37);
        assert_eq!(needed(&image), whole);
        image.extend([0xff; 100]);
        assert_eq!(needed(&image), whole);
        assert_eq!(needed(&[0xff; 64]), 8);
    }

    proptest::proptest! {
        #[test]
        fn reading_what_is_needed_comes_to_an_end(image: Vec<u8>) {
            let (mut read, mut asked) = (0, 0);
            while needed(&image[..read]).min(image.len()) > read {
                read = needed(&image[..read]).min(image.len());
                asked += 1;
            }
            proptest::prop_assert!(asked <= image.len());
        }
    }
}
