//! Files of a folder of the test.

use std::fs;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::*;

#[derive(Default)]
struct Program {
    files: Files<Self>,
    news: Vec<(Key, i32)>,
}

impl Host for Program {
    fn tracked_files(&mut self) -> &mut Files<Self> {
        &mut self.files
    }

    fn files_changed(&mut self, _: &mut Scheduler<Self>, news: &[(Key, i32)]) {
        self.news.extend(news);
    }
}

struct Bench {
    program: Program,
    scheduler: Scheduler<Program>,
    folder: PathBuf,
}

impl Bench {
    fn new(name: &str) -> Self {
        let name = format!("tracked-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self {
            program: Program::default(),
            scheduler: Scheduler::new().unwrap(),
            folder,
        }
    }

    fn follow(&mut self, paths: &[&Path]) -> Vec<i32> {
        let wanted = paths.iter().zip(1..).map(|(path, key)| Tracked {
            key,
            path: (*path).to_owned(),
            value: 0,
        });
        self.scheduler.refresh();
        let files = &mut self.program.files;
        files.follow(&mut self.scheduler, wanted.collect());
        files.list().iter().map(|file| file.value).collect()
    }

    /// Turn until this is told.
    fn expect(&mut self, news: (Key, i32)) {
        while self.program.news.last() != Some(&news) {
            self.scheduler.turn(&mut self.program).unwrap();
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn numbers_are_told_when_they_change() {
    let mut bench = Bench::new("change");
    let (one, two) = (bench.folder.join("one"), bench.folder.join("two"));
    initialise(&one, 3, false);
    initialise(&one, 4, false);
    assert_eq!(bench.follow(&[&one, &two]), [3, 0]);
    fs::write(&one, "0x10 and more").unwrap();
    bench.expect((1, 16));
    fs::write(bench.folder.join("new"), "-7").unwrap();
    fs::rename(bench.folder.join("new"), &two).unwrap();
    bench.expect((2, -7));
    fs::write(&two, "99999999999").unwrap();
    initialise(&one, 5, true);
    bench.expect((1, 5));
    fs::remove_file(&one).unwrap();
    bench.expect((1, 0));
    assert_eq!(bench.program.files.list()[1].value, -7, "too large");
}

#[test]
fn a_folder_that_comes_later_or_again() {
    let mut bench = Bench::new("later");
    let folder = bench.folder.join("sub");
    let file = folder.join("f");
    assert_eq!(bench.follow(&[&file]), [0]);
    for number in [1, 2] {
        fs::create_dir(&folder).unwrap();
        fs::write(&file, number.to_string()).unwrap();
        bench.expect((1, number));
        fs::remove_dir_all(&folder).unwrap();
        bench.expect((1, 0));
    }
}

#[test]
fn what_is_not_followed_any_more() {
    let mut bench = Bench::new("left");
    let (one, two) = (bench.folder.join("a/one"), bench.folder.join("b/two"));
    for path in [&one, &two] {
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(path, "1").unwrap();
    }
    assert_eq!(bench.follow(&[&one, &two]), [1, 1]);
    assert_eq!(bench.follow(&[&two]), [1]);
    fs::write(&one, "2").unwrap();
    fs::write(&two, "3").unwrap();
    bench.expect((1, 3));
    assert_eq!(bench.program.news, [(1, 3)]);
    assert_eq!(bench.program.files.folders.len(), 1);
    bench.follow(&[]);
    assert!(bench.program.files.inotify.is_none());
}

#[test]
fn a_pipe_that_nobody_writes_to_stops_nothing() {
    let mut bench = Bench::new("pipe");
    let (pipe, file) = (bench.folder.join("pipe"), bench.folder.join("file"));
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    initialise(&pipe, 1, true);
    assert_eq!(bench.follow(&[&pipe, &file]), [0, 0]);
    fs::write(&file, "3").unwrap();
    bench.expect((2, 3));
}
