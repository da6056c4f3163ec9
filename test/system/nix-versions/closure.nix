# A small closure with every kind of store object, made without a sandbox by the shell and the tools of the system.
# Every version of Nix makes the same store paths of it.
let
  build = name: env: script: derivation ({
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-euc" script ];
    PATH = "/usr/bin:/bin";
  } // env);

  text = builtins.toFile "text" "a text\n";
  quoting = builtins.toFile "quoting" "it names ${text}\n";
  source = builtins.path { path = ./closure.nix; name = "source"; };
  fixed = build "fixed" {
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = builtins.hashString "sha256" "fixed\n";
  } "echo fixed > $out";
  self = build "self" { } ''
    mkdir -p $out/share
    echo "I am $out" > $out/share/self
    ln -s $out/share/self $out/link
  '';
  program = build "program" { } ''
    mkdir -p $out/bin
    printf '#!/bin/sh\ncat ${quoting} ${self}/share/self\n' > $out/bin/program
    chmod +x $out/bin/program
  '';
  file = build "file" { } "head -c 200000 /dev/zero | tr '\\0' x > $out";
  executable = build "executable" { } "printf '#!/bin/sh\\n' > $out; chmod +x $out";
  link = build "link" { } "ln -s ${file} $out";
  dangling = build "dangling" { } "ln -s /nowhere/at/all $out";
  empty = build "empty" { } "mkdir $out";
  names = build "names" { } ''
    mkdir $out
    cd $out
    mkdir a
    touch 'a b' a-b a.b A a/x "$(printf '\377')"
    echo coffee > "$(printf 'caf\303\251')"
  '';
in
build "top" { paths = [ source fixed program file executable link dangling empty names ]; } ''
  mkdir $out
  for path in $paths; do ln -s $path $out/; done
''
