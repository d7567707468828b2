//! Who is meant by all the `-H` and `-x`.

use std::collections::HashMap;

use lantern_fleet::{MAX, NodeSet, NodeSetError, Source};

use crate::cli::Globals;
use crate::commands::file;
use crate::connect::Hosts;
use crate::error::Error;
use crate::local::LocalBmc;
use crate::output::Voice;
use crate::target::{Target, Whom};

/// One BMC is a matter of its own.
#[derive(Debug)]
pub(crate) enum Targets {
    One(Whom),
    Many(NodeSet),
}

/// What nodesets refer to.
struct Words<'a>(&'a dyn Hosts);

impl Source for Words<'_> {
    fn group(&mut self, name: &str) -> Result<Option<Vec<String>>, String> {
        self.0.group(name)
    }

    fn file(&mut self, path: &str) -> Result<String, String> {
        let bytes = file::contents(path.as_ref()).map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|_| "it is not text".to_owned())
    }
}

/// Who is meant; an error if that is nobody, or not clear.
pub(crate) fn targets(globals: &Globals, hosts: &dyn Hosts) -> Result<Targets, Error> {
    match (globals.hosts.as_slice(), globals.exclude.as_slice()) {
        ([], []) => return LocalBmc::named(globals).map(Whom::Local).map(Targets::One),
        ([], _) => {
            return Err(Error::usage(
                "-x leaves out some of the BMCs that -H names, and -H names none",
            )
            .next("say which ones: -H 'n[001-500]'"));
        }
        (_, _) if globals.device.is_some() => {
            return Err(Error::usage(
                "--local-device is for this machine's own BMC, -H for others",
            )
            .next("leave out one of them"));
        }
        ([word], []) if NodeSet::is_one_name(word) => {
            return Ok(Targets::One(Whom::Host(word.clone())));
        }
        _ => {}
    }
    let names = all(&globals.hosts, "-H", hosts)?;
    let mut names = distinct(names, globals.port)?;
    if !globals.exclude.is_empty() {
        let missed = names.exclude(&all(&globals.exclude, "-x", hosts)?);
        if !missed.is_empty() {
            Voice::new(globals.output)
                .warning(&format!("-x {missed}: not among those that -H names"));
        }
    }
    match (names.get(0), names.len()) {
        (None, _) => Err(Error::usage("-x leaves none of the BMCs that -H names")),
        (Some(one), 1) => Ok(Targets::One(Whom::Host(one.to_owned()))),
        _ => Ok(Targets::Many(names)),
    }
}

/// Whom one word of a file means.
pub(crate) fn named(word: &str, hosts: &dyn Hosts) -> Result<Vec<String>, String> {
    if NodeSet::is_one_name(word) {
        return Ok(vec![word.to_owned()]);
    }
    let names = NodeSet::parse(word, &mut Words(hosts)).map_err(|error| error.to_string())?;
    Ok(names.iter().map(str::to_owned).collect())
}

fn all(words: &[String], option: &str, hosts: &dyn Hosts) -> Result<NodeSet, Error> {
    let mut all = NodeSet::default();
    for word in words {
        all.extend(NodeSet::parse(word, &mut Words(hosts)).map_err(|error| wrong(option, &error))?);
        if all.len() > MAX {
            return Err(Error::usage(format!("{option}: more than {MAX} names in all")));
        }
    }
    Ok(all)
}

fn wrong(option: &str, error: &NodeSetError) -> Error {
    Error::usage(format!("{option} {error}"))
        .next("write n[001-500], 10.0.[1-2].[1-9], a,b, @GROUP, ^FILE, or - for standard input")
}

/// Each BMC once: `n1` and `n1:623` are the same. What is no host is refused before anything is sent.
fn distinct(names: NodeSet, port: Option<u16>) -> Result<NodeSet, Error> {
    let mut seen = HashMap::with_capacity(names.len());
    for name in names.iter() {
        seen.entry(Target::parse(name, port)?).or_insert(name);
    }
    if seen.len() == names.len() {
        return Ok(names);
    }
    let first = |name: &&str| {
        Target::parse(name, port).is_ok_and(|target| seen.get(&target).is_some_and(|n| n == name))
    };
    Ok(names.iter().filter(first).collect())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;
    use crate::connect::Login;

    struct Known;

    impl Hosts for Known {
        fn group(&self, name: &str) -> Result<Option<Vec<String>>, String> {
            Ok((name == "rack").then(|| vec!["r[1-3]".to_owned()]))
        }

        fn of(&self, _: &str) -> Result<(Target, Login), Error> {
            unreachable!("nobody is logged in to")
        }
    }

    fn named(words: &str) -> Result<Targets, Error> {
        let line = format!("lantern {words} power status");
        targets(&Cli::try_parse_from(line.split_whitespace()).unwrap().globals, &Known)
    }

    #[test]
    fn one_is_one_and_many_are_each_of_them_once() {
        for (words, one) in [
            ("-H bmc7", "bmc7"),
            ("-H [::1]:623", "[::1]:623"),
            // Not judged here.
            ("-H a:b:c", "a:b:c"),
            ("-H n[7]", "n7"),
            ("-H a,a", "a"),
            ("-H a -H a:623", "a"),
            ("-H @rack -x r[1-2]", "r3"),
        ] {
            let Ok(Targets::One(Whom::Host(name))) = named(words) else { panic!("{words}") };
            assert_eq!(name, one, "{words}");
        }
        for (words, many) in [
            ("-H n[1-3] -H m,n2", "n[1-3],m"),
            ("-H @rack,x -x r2", "r[1,3],x"),
            ("-H n[1-2],n[1-3]:623 -p 623", "n[1-2],n3:623"),
            ("-H n[1-2]:1,n[1-2]:2", "n[1-2]:[1-2]"),
        ] {
            let Ok(Targets::Many(names)) = named(words) else { panic!("{words}") };
            assert_eq!(names.fold(), many, "{words}");
        }
    }

    #[test]
    fn nobody_named_is_this_machines_own() {
        for words in ["", "--local-device 1", "-t 0x82"] {
            let Ok(Targets::One(Whom::Local(_))) = named(words) else { panic!("{words}") };
        }
    }

    #[test]
    fn nobody_and_nonsense_are_refused() {
        for (words, says) in [
            ("-U admin", "no BMC was named"),
            ("-x a", "-H names none"),
            ("-H a --local-device 1", "--local-device is for this machine's own"),
            ("-H a,b -x a,b", "-x leaves none"),
            ("-H n[2-1]", "-H n[2-1]: column 3: '2-1' runs backwards"),
            ("-H a,b -x n[", "-x n[: column 2: the bracket is not closed"),
            ("-H @ring", "there is no group 'ring'"),
            ("-H a:x,b", "-H a:x: 'x' is not a port"),
            ("-H n[0-4294967295]", "at most 1000000 are taken"),
            ("-H n[1-999999] -H a,b", "more than 1000000 names in all"),
        ] {
            let Err(Error::Told(told)) = named(words) else { panic!("{words}") };
            assert!(told.message.contains(says), "{words}: {}", told.message);
            assert_eq!(told.exit, crate::error::Exit::Usage);
        }
    }

    proptest::proptest! {
        /// Brackets mean the same after -H and in a title of `lantern.toml`.
        #[test]
        fn a_title_stands_for_whom_a_nodeset_names(
            text in "n\\[[0-9]{1,3}(-[0-9]{1,3})?(/[0-9])?(,[0-9]{1,2})?\\](x\\[0?[1-3]-[2-5]\\])?",
            other in "n[0-9]{1,4}(x0?[0-9])?",
        ) {
            let set = NodeSet::parse(&text, &mut lantern_fleet::Nothing);
            let title = lantern_config::Pattern::parse(&text);
            proptest::prop_assert_eq!(set.is_ok(), title.is_ok(), "{}", &text);
            if let (Ok(set), Ok(title)) = (set, title) {
                proptest::prop_assert!(set.iter().all(|name| title.matches(name)), "{}", &text);
                proptest::prop_assert_eq!(set.contains(&other), title.matches(&other));
            }
        }
    }
}
