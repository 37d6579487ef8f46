mod files;
mod places;

use super::*;
use crate::control_plane::files::Memory;

const MAIN: &str = "/etc/keepalived/keepalived.conf";

struct Run {
    items: Vec<String>,
    told: Vec<String>,
    diags: Diags,
}

fn run_with(files: &Memory, options: ReaderOptions) -> Run {
    let mut diags = Diags::default();
    let Some(mut reader) = Reader::open(files, Path::new(MAIN), options, &mut diags) else {
        let told = diags.list.iter().map(|diag| diag.text.clone()).collect();
        return Run {
            items: Vec::new(),
            told,
            diags,
        };
    };
    let mut items = Vec::new();
    while let Some(item) = reader.next(&mut diags) {
        items.push(match item {
            Item::Line(line) => {
                let words: Vec<&str> = line.words.iter().map(|word| word.text.as_str()).collect();
                words.join("|")
            }
            Item::Open(_) => "{".into(),
            Item::Close(_) => "}".into(),
        });
    }
    let map = reader.into_map();
    let told = diags
        .list
        .iter()
        .map(|diag| {
            let place = diag.span.map(|span| map.place(span));
            place.map_or_else(
                || diag.text.clone(),
                |place| format!("{}:{} {}", place.line, place.column, diag.text),
            )
        })
        .collect();
    Run { items, told, diags }
}

fn options() -> ReaderOptions {
    let environment = [("HOME", "/root"), ("EMPTY", "")];
    ReaderOptions {
        config_id: "main".into(),
        environment: environment
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..ReaderOptions::default()
    }
}

fn run(text: impl AsRef<[u8]>) -> Run {
    run_with(&Memory::with(MAIN, text), options())
}

/// Each text gives these items, joined by blanks, and no diagnostics.
fn gives(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let run = run(text);
        assert_eq!(run.items.join(" "), *expected, "{text}");
        assert_eq!(run.told, Vec::<String>::new(), "{text}");
    }
}

/// Each text gives these items and one diagnostic that has these words.
fn complains(cases: &[(&str, &str, &str)]) {
    for (text, items, told) in cases {
        let run = run(text);
        assert_eq!(run.items.join(" "), *items, "{text}");
        assert_eq!(run.told.len(), 1, "{text}: {:?}", run.told);
        assert!(
            run.told.iter().all(|line| line.contains(told)),
            "{text}: {:?}",
            run.told
        );
    }
}

#[test]
fn comments_and_blanks() {
    gives(&[
        ("a # b\nc !d\n#e\n  !f\n\n", "a c"),
        ("a \"# b\" c", "a|# b|c"),
        ("a\x0bb\x0cc\td\r\n", "a|b|c|d"),
        ("a\\b \\ c\\\n d", "a\\b|\\|c\\ d"),
        ("a \\\\# b", "a|\\\\"),
        ("global_defs {\n a\\#b \\! c\n }", "global_defs { a#b|!|c }"),
    ]);
    complains(&[(
        "vrrp {\n a\\#b c\n }",
        "vrrp { a }",
        "2:3 a comment begins here",
    )]);
}

#[test]
fn words_and_quotes() {
    gives(&[
        ("a\"b c\"d", "a|b c|d"),
        ("a \"\" b", "a||b"),
        ("a 'b c'", "a|'b|c'"),
        ("a \"{\" \"}\"", "a|{|}"),
        ("\"a\\\" b", "a\\|b"),
    ]);
    complains(&[
        ("a \"b # c\nd", "a d", "1:3 the quote has no partner"),
        ("a \\\"b\nd", "a|\\ d", "the quote has no partner"),
        ("$A=\"x\nd", "d", "1:4 the quote has no partner"),
        ("@other \"x\nd", "d", "the quote has no partner"),
    ]);
}

#[test]
fn braces_anywhere() {
    gives(&[
        ("a{b}c", "a { b } c"),
        ("a\n{\nb\n} }", "a { b } }"),
        ("{{}", "{ { }"),
        ("a { @other b\n @main c }", "a { c }"),
        ("a { $X=5\n $X }", "a { 5 }"),
        ("a { ~SEQ(N,1,2) b${N}\n }", "a { b1 b2 }"),
        ("a ${_INSTANCE} { b", "a|main { b"),
    ]);
}

#[test]
fn lines_that_are_dropped() {
    let long = format!("a\n{}\nb", "x".repeat(1023));
    complains(&[
        (&long, "a b", "2:1 the line is too long: 1024 octets"),
        ("a\nb\0c\nd", "a d", "2:1 there is a NUL octet"),
        ("# \0", "", "NUL"),
    ]);
    let fits = "x".repeat(1022);
    gives(&[
        (&format!("{fits}\n"), &fits),
        (&format!("{fits}y"), &format!("{fits}y")),
    ]);
    let text = format!("#{}", "x".repeat(70_000));
    assert_eq!(run(text).diags.exit_status(), 5);
}

#[test]
fn definitions() {
    gives(&[
        ("$A=1\n$A ${A} x${A}y", "1|1|x1y"),
        ("$A=1\nb$A c$A,d ($A)", "b1|c1,d|(1)"),
        ("$A=  x y  \n$A", "x|y"),
        ("$A=\nb$A c ${A}", "b|c"),
        ("$B=${A}\n$A=9\n$B", "9"),
        ("$A=1\n$A=2\n$A", "2"),
        ("$A=1\n\"${A}$B\"", "1$B"),
        ("@main $A=1\n@^main $A=2\n$A", "1"),
        ("$A={ x\nb $A }\n$B=c }\n{ $B", "b { x } { c }"),
        ("$_PWD=x\n$_PWD", "x"),
        ("\"a\" pa$$ $1", "a|pa$$|$1"),
    ]);
    complains(&[
        ("$A = 5", "", "1:1 this is not taken for a definition"),
        (
            "$A=1\n10.$A.1",
            "10.$A.1",
            "2:4 the definition is not put in here",
        ),
        ("a $B", "a|$B", "1:3 `B` is not defined"),
        ("a ${B}\nc", "c", "1:3 `B` is not defined"),
        ("a ${B} {", "a|${B} {", "1:3 `B` is not defined"),
        (
            "$A=x${A}\n$A\nb",
            "b",
            "2:1 the definition refers to itself",
        ),
        ("$A=${A}\n$A\nb", "b", "2:1 the definition refers to itself"),
        (
            "$C=@main\n$C x",
            "",
            "the condition `@main` must stand at the start",
        ),
    ]);
}

#[test]
fn growth_has_an_end() {
    let twice = |letter: char, of: char| format!("${letter}=${{{of}}}${{{of}}}\n");
    let letters: Vec<char> = ('a'..='z').collect();
    let mut text: String = letters
        .windows(2)
        .map(|pair| twice(pair[0], pair[1]))
        .collect();
    text.push_str("$z=\nx ${a}\ny");
    let made = run(&text);
    assert_eq!(made.items, ["y"]);
    assert!(
        made.told[0].contains("more than 1000 definitions"),
        "{:?}",
        made.told
    );
    let long = format!("$A={}\nb ${{A}}${{A}}\nc", "x".repeat(600));
    complains(&[(
        &long,
        "c",
        "2:1 with its definitions the line is longer than 1023",
    )]);
}

#[test]
fn definitions_of_several_lines() {
    gives(&[
        ("$M=a \\\n b\\\n c \\\n d\nx $M\ny", "x|a b c d y"),
        (
            "$M= \\\nb { \\\n c } \\\n d\n$M\nx${M}",
            "b { c } d xb { c } d",
        ),
        (
            "$M= \\\n$X=4 \\\n@other q \\\n@main r${X} \\\n~SEQ(N,1,2) s${N}\n$M",
            "r4 s1 s2",
        ),
        ("$N=1 \\\n2\n$M= \\\n$N \\\n3 \\\n$N\n$M", "1 2 3 1 2"),
        ("$M=a \\ # why\n b # c \\\n # d \\\n \\\n e\n$M", "a b e"),
        ("$M=a # why \\\n b\n$M", "a b"),
        ("@other $M= a \\\n b \\\n c\nd", "d"),
        ("x {\n $M=a \\\n b\n$M }", "x { a b }"),
    ]);
    complains(&[
        (
            "$M=a \\\n\nb\n$M",
            "b a",
            "1:1 the definition ends before the next empty line",
        ),
        (
            "$M=a \\\n#x\nb\n$M",
            "b a",
            "1:1 the definition ends before the next empty line",
        ),
        (
            "$M=a \\\nb\n$M c\nd",
            "d",
            "3:1 a definition of several lines must be the last word",
        ),
        ("$M= \\\n$M\n$M\nd", "d", "refers to itself"),
        ("$M= \\\n$M \\\n$M\n$M\nd", "d", "refers to itself"),
    ]);
}

#[test]
fn predefined_names() {
    gives(&[
        ("${_PWD}/x $_PWD", "/etc/keepalived/x|/etc/keepalived"),
        ("${_INSTANCE}", "main"),
        ("a ${_HASH} b\nc\"${_BANG}\"", "a c|!"),
        ("${_ENV HOME} \"${_ENV EMPTY}\" ${_ENV UNSET}", "/root|"),
        ("${_RANDOM 5 5} ${_RANDOM 32767}", "5|32767"),
    ]);
    complains(&[
        ("a ${_ENV}\nb", "b", "1:3 `_ENV` takes the name of one"),
        ("a ${_ENV A B}\nb", "b", "`_ENV` takes the name of one"),
        (
            "a ${_RANDOM 6 5}\nb",
            "b",
            "the minimum 6 is above the maximum 5",
        ),
        ("a ${_RANDOM x}", "", "`x` is not a number"),
        ("a ${_RANDOM 1 2 3}", "", "minimum and a maximum"),
        ("a ${_RANDOM 1 2 }", "", "no blank is allowed"),
        ("a ${_PWD x}", "", "`_PWD` takes no parameters"),
        ("$A=1\na ${A x}", "", "`A` takes no parameters"),
    ]);
}

#[test]
fn random_numbers_follow_the_seed() {
    let text = "a\n${_RANDOM} ${_RANDOM 3} ${_RANDOM 0 4294967295}\n";
    let numbers = |seed| {
        let files = Memory::with(MAIN, text);
        let mut diags = Diags::default();
        let mut reader = Reader::open(&files, Path::new(MAIN), options(), &mut diags).unwrap();
        reader.next(&mut diags);
        reader.seed_random(seed);
        reader.next(&mut diags)
    };
    assert_eq!(numbers(1), numbers(1));
    assert_ne!(numbers(1), numbers(2));
}

#[test]
fn conditions() {
    gives(&[
        ("@main a\n@other b\n@^main c\n@^other d", "a d"),
        ("@main\n@\na", "a"),
        ("  @main\ta", "a"),
        ("@other x {\n@other }\n@main y {\n@main }", "y { }"),
        ("@main ~SEQ(N,1,2) a${N}", "a1 a2"),
    ]);
    complains(&[
        (
            "@main @spare a\nb",
            "b",
            "1:7 the condition `@spare` must stand",
        ),
        ("@ main a\nb", "b", "1:1 no config id follows the `@`"),
        (
            "@main include x\nb",
            "b",
            "`include` cannot come from a condition",
        ),
    ]);
}

#[test]
fn sequences() {
    gives(&[
        ("~SEQ(N,3) a${N}", "a1 a2 a3"),
        ("~SEQ(N,-2) a${N}\n~SEQ(N,0) b${N}", "a-1 a-2 b1 b0"),
        ("~SEQ(N,2,4) a$N\n ~SEQ (N, 4, 2)b${N}", "a2 a3 a4 b4 b3 b2"),
        (
            "~SEQ(N,1,2,6) a${N}\n~SEQ(N,6,-3,1) b${N}",
            "a1 a3 a5 b6 b3",
        ),
        ("~SEQ(N,5,5) a${N}\n~SEQx(N,0x9,012) b${N}", "a5 b9 ba"),
        (
            "$X=2\n~SEQ(N,1,$X) a${N}\n~SEQ(N,${X},3) b${N}",
            "a1 a2 b2 b3",
        ),
        ("~SEQ(A,1,2) ~SEQ(B,1,2) a${A}${B}", "a11 a12 a21 a22"),
        ("$N=7\n~SEQ(N,1,2) a${N}\n$N", "a1 a2 2"),
        ("$S=~SEQ(N,1,2) a${N}\n$S\n{ $S\n}", "a1 a2 { a1 a2 }"),
        ("~SEQ(N,1,2) a${N} { b }", "a1 { b } a2 { b }"),
        ("~SEQ(N,1,2)\na", "a"),
        ("~LST(N, a,, c) x${N}", "xa x xc"),
        ("~LST({A, B}, {1, 2}, {3}) x${A}-${B}", "x1-2 x3-"),
        ("~LST({A,B},1,2) x${A}-${B}", "x1- x2-"),
        ("$L=a b\n~LST(N,$L,c) x${N}y", "xa|by xcy"),
        ("~LST(A,1,2) ~SEQ(B,1,2) x${A}${B}", "x11 x12 x21 x22"),
        ("~SEQ(N,9223372036854775806,9223372036854775807) a", "a a"),
    ]);
    complains(&[
        ("~SEQ(N,1,0,3) a", "", "step 0 does not lead from 1 to 3"),
        ("~SEQ(N,1,-1,3) a", "", "step -1 does not lead"),
        ("~SEQ(N,1,2,3,4) a", "", "at most first, step and last"),
        ("~SEQ(N,1a) a", "", "`1a` is not a number"),
        ("~SEQ(N,++1) a", "", "is not a number"),
        ("~SEQ(N) a", "", "values must follow"),
        ("~SEQ() a", "", "`` is not a name"),
        ("~SEQ(1N,2) a", "", "`1N` is not a name"),
        ("~SEQx(N,-2,2) a", "", "a negative number"),
        ("~SEQ(N,1,3 a", "", "the `)` is missing"),
        ("~SEQ N", "", "a `(` must follow"),
        ("~FOR(N,1,3) a\nb", "b", "1:1 only `~SEQ`"),
        ("~LST({N,D}, {3,eth0,x}) a", "", "has 3 values for 2 names"),
        ("~LST(N,a b) a", "", "there may be no blanks"),
    ]);
}

#[test]
fn endless_sequences_are_stopped() {
    let nested = run("~SEQ(A,1,99999) ~SEQ(B,1,99999)\nb");
    assert_eq!(nested.items, ["b"]);
    assert_eq!(nested.told.len(), 1);
    assert!(nested.told[0].starts_with("1:17 stands for 99999 lines"));
    let bodies = run("$D= \\\n a \\\n b\n~SEQ(N,600000) $D\nc");
    assert_eq!(bodies.items.last().map(String::as_str), Some("c"));
    assert_eq!(bodies.told.len(), 1);
    assert!(bodies.told[0].contains("too many lines"));
    // What cannot end well is not begun.
    complains(&[
        (
            "~SEQ(N,100,333333333333333109) a\nb",
            "b",
            "1:1 stands for 333333333333333010 lines: definitions and sequences may make 1048576",
        ),
        (
            "~SEQ(N,-9223372036854775807,1,9223372036854775807) a\nb",
            "b",
            "1:1 stands for 18446744073709551615 lines",
        ),
        (
            "~SEQ(N,7,-1,-1048570) a\nb",
            "b",
            "1:1 stands for 1048578 lines",
        ),
        (
            "~SEQ(N,1,2) a\n~SEQ(N,1048575) b\nc",
            "a a c",
            "2:1 stands for 1048575 lines: definitions and sequences may make 1048576 in all, 1048574 are left",
        ),
    ]);
    complains(&[("$S=~SEQ(N,1,2) $S\n$S\nb", "b", "refers to itself")]);
}

fn tree(main: &str) -> Memory {
    Memory::with(MAIN, main)
        .and("/etc/keepalived/one.conf", "one ${_PWD}\n")
        .and(
            "/etc/keepalived/d/a.conf",
            "a ${_PWD}\ninclude b.conf\nc ${_PWD}\n",
        )
        .and("/etc/keepalived/d/b.conf", "b\n")
        .and("/etc/keepalived/empty.conf", "")
        .and("/etc/keepalived/loop.conf", "l\ninclude loop.conf\nm\n")
        .and("/etc/keepalived/back.conf", "include keepalived.conf\n")
        .and("/etc/keepalived/wrong.conf", "x {\n  ${NONE}\n")
        .and_executable("/etc/keepalived/run.conf", "r\n")
}
