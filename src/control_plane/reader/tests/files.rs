//! Includes, their checks, and main files that cannot be read.

use super::*;

fn include(main: &str) -> Run {
    run_with(&tree(main), options())
}

#[test]
fn includes() {
    for (text, expected) in [
        (
            "include one.conf\nz ${_PWD}",
            "one|/etc/keepalived z|/etc/keepalived",
        ),
        (
            "include d/a.conf # x",
            "a|/etc/keepalived/d b c|/etc/keepalived/d",
        ),
        (
            "include\td/*.conf\r\n",
            "a|/etc/keepalived/d b c|/etc/keepalived/d b",
        ),
        (
            "include /etc/keepalived/{d/b,one}.conf",
            "b one|/etc/keepalived",
        ),
        ("x {\n include d/b.conf\n }", "x { b }"),
        ("x { include d/b.conf\n }", "x { b }"),
        ("include empty.conf\nz", "z"),
        (
            "includea {d/b,one}.conf\nincludeb d/?.conf",
            "b one|/etc/keepalived a|/etc/keepalived/d b c|/etc/keepalived/d b",
        ),
        ("$X=one.conf\nincludes z", "includes|z"),
    ] {
        let run = include(text);
        assert_eq!(run.items.join(" "), expected, "{text}");
        assert_eq!(run.told, Vec::<String>::new(), "{text}");
    }
}

#[test]
fn includes_that_fail() {
    for (text, status, told) in [
        ("include none.conf", 0, "1:9 no file matches `none.conf`"),
        ("include none*.conf", 0, "no file matches"),
        ("include \"one.conf\"", 0, "no file matches"),
        ("include d", 0, "it is a directory"),
        ("include run.conf", 0, "it is executable"),
        ("include {one,none}.conf", 0, "no file matches `none.conf`"),
        ("includer none.conf", 0, "no file matches"),
        ("includer d", 6, "it is a directory"),
        ("includeb none.conf", 0, "no file matches"),
        ("includeb run.conf", 6, "it is executable"),
        ("includeb {one,none}.conf", 6, "no file matches `none.conf`"),
        ("includem none.conf", 6, "no file matches"),
        ("includem none*.conf", 0, "no file matches"),
        ("includem {one,none}.conf", 0, "no file matches `none.conf`"),
        ("includem {none,nil}.conf", 6, "no file matches"),
        ("includew none*.conf", 6, "no file matches"),
        ("includew none.conf", 6, "no file matches"),
        ("includea {one,none}.conf", 6, "no file matches `none.conf`"),
        ("include", 5, "the name of the file to include is missing"),
        (
            "includea  # x",
            5,
            "the name of the file to include is missing",
        ),
        ("include loop.conf", 5, "would include itself"),
        ("include back.conf", 5, "would include itself"),
    ] {
        let run = include(&format!("{text}\nz"));
        assert_eq!(run.items.last().map(String::as_str), Some("z"), "{text}");
        assert_eq!(run.diags.exit_status(), status, "{text}: {:?}", run.told);
        assert!(run.told[0].contains(told), "{text}: {:?}", run.told);
    }
    let all = ReaderOptions {
        all_include_checks: true,
        ..options()
    };
    assert_eq!(
        run_with(&tree("include none.conf"), all)
            .diags
            .exit_status(),
        6
    );
}

/// Silent mistake 8: the C daemon recurses until it has no descriptors.
#[test]
fn a_file_that_includes_itself() {
    let run = include("include loop.conf\nz\n");
    assert_eq!(run.items, ["l", "m", "z"]);
    assert_eq!(run.told.len(), 1);
    let mut deep = Memory::with(MAIN, "include 0.conf\nend");
    for number in 0..100 {
        deep = deep.and(
            &format!("/etc/keepalived/{number}.conf"),
            format!("include {}.conf\nx", number + 1),
        );
    }
    let run = run_with(&deep, options());
    assert!(run.told[0].contains("more than 32 deep"), "{:?}", run.told);
    assert_eq!(run.items.last().map(String::as_str), Some("end"));
}

#[test]
fn main_files_that_are_none() {
    let files = tree("x");
    for (path, told) in [
        ("/etc/keepalived/none.conf", "there is no such file"),
        ("/etc/keepalived/d", "it is a directory"),
        ("/etc/keepalived/run.conf", "it is executable"),
        ("/etc/keepalived/empty.conf", "the file is empty"),
    ] {
        let mut diags = Diags::default();
        assert!(
            Reader::open(&files, Path::new(path), options(), &mut diags).is_none(),
            "{path}"
        );
        assert_eq!(diags.exit_status(), 6, "{path}");
        let text = &diags.list[0].text;
        assert!(text.contains(told) && text.contains(path), "{text}");
    }
}

#[test]
fn include_check_changes_what_is_forbidden() {
    for (words, line, status) in [
        ("", "include none.conf", 6),
        ("match", "include none.conf", 6),
        ("match", "include none*.conf", 0),
        ("wildcard_match", "include none*.conf", 6),
        ("+match -wildcard_match", "include none.conf", 6),
        ("-match", "include none.conf", 0),
        ("readable", "include d", 6),
        ("brace_match", "include {one,none}.conf", 6),
        ("everything", "include none.conf", 5),
    ] {
        let files = tree(&format!("include_check {words}\n{line}\n"));
        let mut diags = Diags::default();
        let mut reader = Reader::open(&files, Path::new(MAIN), options(), &mut diags).unwrap();
        let Some(Item::Line(check)) = reader.next(&mut diags) else {
            panic!("no line")
        };
        reader.include_check(&check.words[1..], &mut diags);
        while reader.next(&mut diags).is_some() {}
        assert_eq!(diags.exit_status(), status, "{words}: {diags:?}");
    }
}
