#!/usr/bin/env bash
# Tries mutants, drawn by a seed or named: tests/Mutations/run.sh --seed N [--count 60] | --only ID,ID,... [--jobs 1] [--results FILE]. See docs/testing.md.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dotnet build "$here/Engine.Mutations.csproj" -c Release -v q --nologo >&2
exec dotnet "$here/bin/Release/net10.0/Engine.Mutations.dll" "$@"
