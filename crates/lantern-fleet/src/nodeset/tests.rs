use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Groups and files in memory.
#[derive(Default)]
struct Given {
    groups: BTreeMap<&'static str, Vec<&'static str>>,
    files: BTreeMap<&'static str, &'static str>,
}

impl Source for Given {
    fn group(&mut self, name: &str) -> Result<Option<Vec<String>>, String> {
        let members = self.groups.get(name);
        Ok(members.map(|members| members.iter().map(|name| (*name).to_owned()).collect()))
    }

    fn file(&mut self, path: &str) -> Result<String, String> {
        self.files.get(path).map(|text| (*text).to_owned()).ok_or("no such file".to_owned())
    }
}

fn given() -> Given {
    Given {
        groups: [
            ("rack1", vec!["r1n[1-2]", "@spare"]),
            ("spare", vec!["s1,s2"]),
            ("circle", vec!["a", "@ring"]),
            ("ring", vec!["@circle"]),
            ("bad", vec!["n[2-1]"]),
        ]
        .into(),
        files: [
            ("hosts", "# the first rack\nn1\n  n[2-3]-bmc  # with a word\n\n@spare\nn1\n"),
            ("-", "from-stdin"),
            ("empty", "# nobody\n"),
            ("bad", "n1\nn[3-1]\n"),
            ("nested", "^hosts"),
        ]
        .into(),
    }
}

fn names(text: &str) -> Vec<String> {
    let set = NodeSet::parse(text, &mut given()).unwrap_or_else(|error| panic!("{error}"));
    set.iter().map(str::to_owned).collect()
}

#[track_caller]
fn expands(text: &str, to: &str) {
    assert_eq!(names(text), to.split(' ').collect::<Vec<_>>(), "{text}");
}

#[test]
fn all_spellings_expand() {
    expands("bmc7", "bmc7");
    expands("a,b , c,", "a b c");
    expands("n[008-011]", "n008 n009 n010 n011");
    expands("n[98-101]", "n98 n99 n100 n101");
    expands("n[1-3,7,9-12/2]-bmc", "n1-bmc n2-bmc n3-bmc n7-bmc n9-bmc n11-bmc");
    expands("10.0.[1-2].[8-9]", "10.0.1.8 10.0.1.9 10.0.2.8 10.0.2.9");
    expands("r[1-2]n[01-02]:623", "r1n01:623 r1n02:623 r2n01:623 r2n02:623");
    expands("127.0.0.1:[9623-9624]", "127.0.0.1:9623 127.0.0.1:9624");
    expands("n[5]", "n5");
    expands("[1-2]", "1 2");
    expands("2001:db8::[9-10],::1", "2001:db8::9 2001:db8::10 ::1");
    expands("[2001:db8::1]:623", "[2001:db8::1]:623");
    expands("[2001:db8::[1-2]]:623", "[2001:db8::1]:623 [2001:db8::2]:623");
    expands("fe80::1%eth0", "fe80::1%eth0");
    expands("n[2-3],n[1-2],n3", "n2 n3 n1");
}

#[test]
fn groups_and_files_are_looked_up() {
    expands("@rack1,x", "r1n1 r1n2 s1 s2 x");
    expands("^hosts", "n1 n2-bmc n3-bmc s1 s2");
    expands("-,y", "from-stdin y");
    for (text, says) in [
        ("@nobody", "@nobody: column 1: there is no group 'nobody'"),
        ("@circle", "group ring: @circle: column 1: @circle has itself among its members"),
        ("@bad", "group bad: n[2-1]: column 3: '2-1' runs backwards: is 1-2 meant?"),
        ("^missing", "^missing: missing: no such file"),
        ("^empty", "^empty: empty names nobody"),
        ("^bad", "bad, line 2: n[3-1]: column 3: '3-1' runs backwards: is 1-3 meant?"),
        ("^nested", "nested, line 1: ^hosts: column 1: files are named on the command line only"),
        ("^", "^: column 1: ^ is followed by a file's name"),
        ("@", "@: column 1: @ is followed by a group's name"),
    ] {
        assert_eq!(NodeSet::parse(text, &mut given()).unwrap_err().to_string(), says);
    }
}

#[test]
fn what_is_no_nodeset_is_told_with_the_place() {
    for (text, says) in [
        ("", "names nobody"),
        (" , ", "names nobody"),
        ("n[1-3", "column 2: the bracket is not closed"),
        ("n1-3]", "column 5: a bracket is closed that was not opened"),
        ("n[3-1]", "column 3: '3-1' runs backwards: is 1-3 meant?"),
        ("n[1,5-2]", "column 5: '5-2' runs backwards: is 2-5 meant?"),
        ("n[]", "column 3: a number or a range is missing: [1-3,7]"),
        ("n[1,]", "column 5: a number or a range is missing: [1-3,7]"),
        ("n[a-c]", "column 3: 'a-c' is no range of numbers: [1-3,7,9-12/2]"),
        ("n[+1-2]", "column 3: '+1-2' is no range of numbers: [1-3,7,9-12/2]"),
        ("n[1-9/0]", "column 3: '1-9/0': a step is a number from 1"),
        ("n[01-002]", "column 3: '01-002': 01 and 002 have leading zeros of their own"),
        ("[1:,:2].[1-3]", "column 4: an address in brackets has no commas in it"),
        ("a b", "column 2: a name has no blanks; lists have commas"),
        ("n[1-2]x@y", "column 8: '@' stands at the beginning of an element only"),
        ("a,n[0-4294967295]", "column 3: 4294967297 names in all; at most 1000000 are taken"),
        ("n[1-999]m[1-999]k[1-999]", "column 1: 997002999 names in all; at most 1000000 are taken"),
        ("n[0-999999999999999999]m[0-999999999999999999]k[0-99]", "at most 1000000 are taken"),
        ("n[1-99999999999999999999]", "column 3: '1-99999999999999999999' is no range of numbers"),
    ] {
        let error = NodeSet::parse(text, &mut given()).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}

#[test]
fn one_name_is_told_from_many() {
    for one in ["", "bmc7", "bmc7:9623", "::1", "[::1]:9623", "a b", "[::1", "[]", "[a]:1", "u@h"] {
        assert!(NodeSet::is_one_name(one), "{one}");
    }
    for many in ["a,b", "n[1-2]", "n[1]", "[1-2]", "@g", "^f", "-", "a,", "n[3-1]", "n[1-2"] {
        assert!(!NodeSet::is_one_name(many), "{many}");
    }
}

#[track_caller]
fn folds(text: &str, to: &str) {
    let set: NodeSet = names(text).into_iter().collect();
    assert_eq!(set.fold(), to, "{text}");
}

#[test]
fn names_fold_into_what_is_short() {
    folds("n007,n001,n003,n002", "n[001-003,007]");
    folds("n[098-101]", "n[098-101]");
    folds("n[999-1000]", "n[999-1000]");
    folds("n[001-1000]", "n[001-999,1000]");
    folds("n1,n001,n2,n002", "n[1-2,001-002]");
    folds("10.0.[1-2].[1-9]", "10.0.[1-2].[1-9]");
    folds("10.0.1.[1-9],10.0.2.[1-8]", "10.0.1.[1-9],10.0.2.[1-8]");
    folds("r1n[1-4],r2n[1-3],r3n[1-4]", "r[1,3]n[1-4],r2n[1-3]");
    folds("a[1-3],b,a5", "a[1-3,5],b");
    folds("127.1.0.[1-3]:9623", "127.1.0.[1-3]:9623");
    folds("[2001:db8::[1-2]]:623,::1", "[2001:db8::[1-2]]:623,::1");
    folds("n7", "n7");
    // More digits than a range takes.
    folds("n1234567890123456789012x[1-2]", "n1234567890123456789012x[1-2]");
}

#[test]
fn what_is_excluded_is_gone_and_what_was_not_there_is_told() {
    let mut set: NodeSet = names("n[1-9]:623,m,[::1]:623,::2").into_iter().collect();
    let missed = set.exclude(&names("n[2-5],m:623,::1,n9:623,x").into_iter().collect());
    assert_eq!((set.fold().as_str(), missed.fold().as_str()), ("n[1,6-8]:623,m,::2", "m:623,x"));
    let all = set.clone();
    set.exclude(&all);
    assert!(set.is_empty());
}

/// Names as they are met: words, numbers with and without leading zeros, dots and dashes.
fn a_name() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        (0..30_u32).prop_map(|n| n.to_string()),
        (0..120_u32).prop_map(|n| format!("{n:02}")),
        (0..12_u32).prop_map(|n| format!("{n:03}")),
        Just("12345678901234567890".to_owned()),
    ];
    let piece = prop_oneof![3 => number, 2 => "[a-c]", 1 => Just(".".to_owned()), 1 => Just("-x".to_owned())];
    prop_oneof![
        8 => ("[a-b]", prop::collection::vec(piece, 0..4)).prop_map(|(first, rest)| first + &rest.concat()),
        1 => (0..40_u8, 0..3_u8).prop_map(|(a, b)| format!("10.0.{b}.{a}:623")),
        1 => (0..40_u8, 1..3_u8).prop_map(|(a, b)| format!("[2001:{b}::{a}]:623")),
    ]
}

proptest! {
    #[test]
    fn what_is_folded_expands_to_the_same_names(names in prop::collection::vec(a_name(), 1..60)) {
        let set: NodeSet = names.iter().cloned().collect();
        let again = NodeSet::parse(&set.fold(), &mut Nothing).unwrap();
        // Every name once: no block has been counted twice.
        prop_assert_eq!(again.len(), set.len());
        let sorted = |set: &NodeSet| {
            let mut names: Vec<_> = set.iter().map(str::to_owned).collect();
            names.sort();
            names
        };
        prop_assert_eq!(sorted(&again), sorted(&set));
        prop_assert_eq!(again.fold().len(), set.fold().len());
    }

    #[test]
    fn any_text_is_taken_or_refused(text in "[-a-c0-9,/@^:. \\[\\]]{0,24}") {
        if let Ok(set) = NodeSet::parse(&text, &mut given()) {
            prop_assert!(!set.is_empty());
            prop_assert!(set.iter().all(NodeSet::is_one_name), "{set:?}");
            let again = NodeSet::parse(&set.fold(), &mut Nothing).unwrap();
            prop_assert_eq!(again.len(), set.len());
        }
    }
}
