//! What is typed after `-H`.

use lantern_fleet::{NodeSet, Source};

/// So many names are enough to go wrong with.
const MOST: usize = 2000;

/// Groups and files have in them what is asked for: nodesets of the fuzzer's own.
struct Echo;

impl Source for Echo {
    fn group(&mut self, name: &str) -> Result<Option<Vec<String>>, String> {
        Ok(Some(name.split('+').map(|member| member.replace('%', "@")).collect()))
    }

    fn file(&mut self, path: &str) -> Result<String, String> {
        Ok(path.replace('+', "\n"))
    }
}

/// Refused, or names of which each is one; folded, they are the same names.
pub fn nodeset(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = NodeSet::is_one_name(text);
    let set = match NodeSet::parse_up_to(MOST, text, &mut Echo) {
        Ok(set) => set,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(!set.is_empty() && set.len() <= MOST);
    assert!(set.iter().all(NodeSet::is_one_name));
    let folded = set.fold();
    let again = NodeSet::parse(&folded, &mut lantern_fleet::Nothing).expect("what was folded");
    assert_eq!(again.len(), set.len(), "{folded}");
    assert!(again.iter().all(|name| set.contains(name)), "{folded}");
    let (mut none, all) = (set.clone(), set);
    assert!(none.exclude(&all).is_empty() && none.is_empty());
}
