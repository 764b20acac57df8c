// Gocheck verifies an exported log, or one tlog-proof, with golang.org/x/mod/sumdb, which we did not write.
//
//	gocheck export DIR VKEY [OLD_CHECKPOINT]
//	gocheck proof FILE VKEY
//
// It says OK and exits 0, or says what is wrong and exits 1.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func fail(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
	os.Exit(1)
}

func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

// checkpoint opens a signed note and reads its tree; sumdb's own ParseTree wants another first line.
func checkpoint(raw []byte, vkey string) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	check(err)
	opened, err := note.Open(raw, note.VerifierList(verifier))
	check(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		fail("not a checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	root, err := tlog.ParseHash(lines[2])
	check(err)
	return tlog.Tree{N: size, Hash: root}
}

// tiles reads the tlog-tiles layout, whose paths lack the height that sumdb writes.
type tiles string

func (t tiles) Height() int { return height }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(t), path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func entries(dir string, size, position int64) [][]byte {
	tile := tlog.Tile{H: height, L: 0, N: position, W: int(min(256, size-position*256))}
	path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(dir, path))
	check(err)
	var found [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			fail("%s: lengths do not add up after entry %d", path, position*256+int64(len(found))-1)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		found = append(found, data[2:end])
		data = data[end:]
	}
	return found
}

func export(dir, vkey string, old string) {
	raw, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	check(err)
	tree := checkpoint(raw, vkey)
	reader := tlog.TileHashReader(tree, tiles(dir))
	for position := int64(0); position*256 < tree.N; position++ {
		found := entries(dir, tree.N, position)
		for i := int64(0); i < min(256, tree.N-position*256); i++ {
			number := position*256 + i
			hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, number)})
			check(err)
			if int(i) >= len(found) || tlog.RecordHash(found[i]) != hashes[0] {
				fail("entry %d is not the one that was logged", number)
			}
		}
		if int64(len(found)) > min(256, tree.N-position*256) {
			fail("bundle %d holds too many entries", position)
		}
	}
	if old != "" {
		raw, err := os.ReadFile(old)
		check(err)
		before := checkpoint(raw, vkey)
		if before.N > tree.N {
			fail("rolled back: %d entries, %d before", tree.N, before.N)
		}
		proof, err := tlog.ProveTree(tree.N, before.N, reader)
		check(err)
		check(tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash))
	}
}

func proof(file, vkey string) {
	raw, err := os.ReadFile(file)
	check(err)
	head, signed, found := strings.Cut(string(raw), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "extra ") {
		fail("not a proof with its entry")
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	check(err)
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	check(err)
	var path tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		check(err)
		path = append(path, hash)
	}
	tree := checkpoint([]byte(signed), vkey)
	check(tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(entry)))
}

func main() {
	switch {
	case len(os.Args) >= 4 && os.Args[1] == "export":
		old := ""
		if len(os.Args) > 4 {
			old = os.Args[4]
		}
		export(os.Args[2], os.Args[3], old)
	case len(os.Args) == 4 && os.Args[1] == "proof":
		proof(os.Args[2], os.Args[3])
	default:
		fail("usage: gocheck export DIR VKEY [OLD] | proof FILE VKEY")
	}
	fmt.Println("OK")
}
