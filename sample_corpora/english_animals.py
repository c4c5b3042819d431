"""The animals of the English corpus: what they look like, where they are, what they eat, can do and did.

A record is: name, plural, kind and weight in kilograms; adjectives; where one may be; what it eats; what it
can do; what one did. ``{its}`` is the possessive that suits the sentence.
"""

ANIMALS = """
= cat cats pet 4
black, sleepy, white, curious, grey, old, clever, quiet
on the sofa, on the windowsill, under the kitchen table, beside the stove, on the garden wall
fish, chicken, small pieces of meat
see in the dark, climb trees, hunt mice at night, sleep most of the day, land on {its} feet
purred softly, chased a mouse around the room, washed {its} face, climbed the apple tree, meowed at me
= dog dogs pet 20
brown, friendly, black, loyal, noisy, old, clever, strong
by the front door, in the back garden, beside the stove, under the kitchen table, on the rug
meat, bones, biscuits
guard a house, follow a scent, learn to sit, swim in the river, pull a sledge
barked at the courier, chased a ball, wagged {its} tail, dug a hole in the garden, carried a stick home
= kitten kittens pet 1
tiny, playful, grey, hungry, fluffy
in the laundry basket, under the bed, behind the curtain, on the sofa
fish, chicken, soft food from a tin
climb curtains, chase a piece of string, sleep in a shoe, play for hours
pounced on a ball of wool, hid under the blanket, drank a saucer of milk, followed {its} mother
= puppy puppies pet 3
clumsy, playful, brown, small, brave
on the rug, by the front door, in the back garden, in a cardboard box
meat, biscuits, soft food from a tin
chew a slipper, learn a name quickly, play for hours, sleep after every meal
chewed a slipper, slid on the wet floor, barked at {its} own shadow, ran around the table
= rabbit rabbits pet 2
white, shy, fluffy, quick, brown
in the wooden hutch, on the lawn, beside the hedge, in the long grass
carrots, hay, clover
dig long tunnels, run fast, hear with {its} long ears, thump the ground with one foot
nibbled a carrot, hopped across the lawn, dug under the fence, twitched {its} nose
= hamster hamsters pet 0.1
small, round, curious, fluffy
in {its} cage, under a heap of straw, behind the bookcase, in a little wooden house
seeds, nuts, pieces of apple
carry food in {its} cheeks, run in a wheel, sleep all day, squeeze through a small gap
ran in {its} wheel all night, filled {its} cheeks with seeds, escaped from the cage, slept in the straw
= parrot parrots pet 0.5
green, clever, noisy, friendly
on {its} perch, in a large cage, on the back of a chair, by the window
nuts, seeds, fruit
copy voices, live for fifty years, crack a nut, say a few words
said good morning, cracked a nut, flew onto the curtain, whistled a tune
= goldfish goldfish pet 0.1
small, orange, quiet, shiny
in the glass bowl, in the garden pond, beside the water plants, near the surface
flakes of food, tiny worms, water plants
live in cold water, swim in circles, see many colours
swam in circles, came up for food, hid behind a stone, opened and closed {its} mouth
= tortoise tortoises pet 5
slow, old, patient, wrinkled
under the rose bush, on the warm stones, in a box of straw, in the shade
lettuce, clover, dandelions
hide in a hard shell, sleep through the winter, live for a hundred years
pulled {its} head into {its} shell, crossed the lawn slowly, ate a whole lettuce, dozed in the sun
= canary canaries pet 0.02
yellow, cheerful, tiny, pretty
in {its} cage, on {its} perch, by the window
seeds, pieces of apple, lettuce
sing for hours, flutter from perch to perch, crack small seeds
sang all morning, splashed in {its} water dish, hopped along {its} perch, fluffed up {its} feathers
= cow cows farm 600
brown, gentle, spotted, heavy
in the meadow, by the gate, in the milking shed, under the oak tree
grass, hay, clover
give milk, chew grass all day, graze in a herd, know {its} own calf by a single call
gave ten litres of milk, grazed by the river, mooed at the farmer, licked {its} calf
= horse horses farm 500
strong, loyal, friendly, brown, restless
in the stable, by the gate, in the paddock, on the bridle path
hay, oats, apples
pull a cart, gallop across a field, sleep standing up, carry a rider
galloped across the field, neighed loudly, pulled the heavy cart, ate an apple from my hand
= pony ponies farm 200
small, stubborn, friendly, spotted
in the paddock, by the gate, in the stable, on the moor
hay, grass, carrots
carry a child, trot up a steep hill, pull a small cart
trotted around the paddock, carried two children in turn, shook {its} mane, ate a carrot
= sheep sheep farm 70
white, woolly, quiet, black-faced
on the hillside, in the fold, in the meadow, near the stone wall
grass, clover, hay
give wool, follow the flock, graze on steep hills, live out in the rain
bleated on the hillside, followed the shepherd, jumped over the wall, lost {its} thick wool
= lamb lambs farm 6
white, fluffy, playful, newborn
on the hillside, in the fold, beside {its} mother, in the barn
milk, soft grass, hay
stand soon after birth, find {its} mother in the flock, jump with all four feet
bleated for {its} mother, jumped over a stone, drank warm milk, slept against a bale of hay
= goat goats farm 40
stubborn, bearded, curious, hungry
on the rocks, in the barn, by the fence, in the orchard
leaves, grass, bark
climb steep rocks, give milk, eat almost anything, jump over a fence
climbed onto the roof of the shed, ate a straw hat, butted the gate, gave a bucket of milk
= pig pigs farm 120
pink, fat, friendly, muddy
in the sty, in the mud, under the oak tree, by the trough
potatoes, acorns, kitchen scraps
find food by smell, roll in the mud, learn tricks, smell roots under the ground
rolled in the mud, grunted at the trough, squealed for food, dug up a row of potatoes
= hen hens farm 2
brown, speckled, busy, plump
in the henhouse, in the yard, on the nest, under the cart
corn, worms, seeds
lay eggs, scratch the ground for worms, sit on eggs for three weeks, hide {its} chicks under {its} wings
laid two eggs, pecked at the corn, clucked in the yard, led {its} chicks to the trough
= rooster roosters farm 3
proud, red, loud, handsome
on the fence, on the roof of the barn, in the yard, beside the henhouse
corn, seeds, worms
crow before dawn, guard the hens, show off a bright tail
crowed before sunrise, flew onto the fence, chased a crow out of the yard, pecked at the corn
= duck ducks farm 1.5
white, hungry, brown, noisy
on the pond, among the reeds, by the river bank, in the wet grass
water plants, snails, corn
swim and dive, lay eggs, keep {its} feathers dry, lead ducklings to the water
quacked on the pond, swam past the reeds, dived for weeds, laid an egg in the grass
= goose geese farm 5
grey, angry, white, noisy
by the pond, in the yard, in the meadow, near the gate
grass, corn, clover
guard a farmyard, fly in a long line, swim all day, lay large eggs
hissed at the visitors, honked at the gate, swam across the pond, chased the boys out of the yard
= donkey donkeys farm 180
patient, loyal, tired, stubborn
in the stable, on the stony path, by the well, in the orchard
hay, thistles, carrots
carry heavy loads, walk on steep paths, remember a road for years
carried two sacks of flour, brayed in the stable, refused to move, stood still in the shade
= fox foxes forest 6
red, clever, hungry, thin
at the edge of the wood, in {its} den, behind the henhouse, in the long grass
mice, rabbits, berries
hunt at night, hear a mouse under the snow, live near towns, raise {its} cubs in a den
crept towards the henhouse, carried food to {its} cubs, ran into the wood, sniffed the cold air
= wolf wolves forest 40
grey, lean, lonely, wild
in the forest, on the ridge, among the pines, near the frozen lake
deer, hares, meat
hunt in a pack, howl at night, run for hours, follow a trail through the snow
howled at night, followed a trail in the snow, ran beside the pack, watched the herd from the ridge
= bear bears forest 250
brown, huge, hungry, sleepy
in the forest, beside the stream, in a cave, among the berry bushes
honey, berries, salmon
sleep through the winter, catch salmon, climb trees, stand on {its} back legs
caught a salmon, scratched {its} back on a tree, climbed a tree for honey, led {its} cubs to the river
= deer deer forest 90
shy, graceful, young, quick
in the clearing, among the birch trees, beside the stream, at the edge of the wood
leaves, grass, bark
run through thick woods, swim across a river, hear the smallest sound, leap over a fence
leaped over the stream, grazed in the clearing, raised {its} head and listened, ran into the trees
= hare hares forest 4
quick, brown, nervous, long-eared
in the open field, in the long grass, at the edge of the wood, among the cabbages
grass, bark, clover
run in zigzags, sleep with {its} eyes open, turn white in the snow, outrun a fox
ran across the field in zigzags, sat up on {its} back legs, hid in the corn, raced away from the fox
= squirrel squirrels forest 0.4
red, quick, cheeky, bushy-tailed
in the oak tree, on the bird table, on a high branch, at the foot of the chestnut tree
nuts, acorns, pine seeds
bury nuts for the winter, jump from branch to branch, climb head first, hide food in the ground
buried a nut under the oak, ran up the trunk, jumped from branch to branch, stole seeds from the bird table
= hedgehog hedgehogs forest 0.9
prickly, small, shy, sleepy
under a heap of leaves, behind the shed, in the hedge, on the lawn
beetles, slugs, worms
roll into a ball, sleep through the winter, hunt for slugs at night
rolled into a ball, rustled in the dry leaves, crossed the road at dusk, snuffled around the compost heap
= mouse mice forest 0.02
tiny, brown, quick, frightened
in the barn, behind the cupboard, under the floor, in the corn
seeds, crumbs, grain
squeeze through a tiny hole, nest in a wall, gnaw through wood, run along a rope
squeaked behind the cupboard, nibbled the cheese, ran into {its} hole, made a nest in an old glove
= bat bats forest 0.01
small, black, silent, strange
in the cave, under the roof, in the old tower, in a hollow tree
moths, beetles, mosquitoes
fly in the dark, hang upside down, find insects by sound, sleep through the winter
hung upside down from a beam, flew out of the cave, caught a moth, circled above the garden
= badger badgers forest 11
striped, strong, shy, heavy
in {its} burrow, at the edge of the wood, under the hedge, on the forest path
worms, roots, berries
dig deep burrows, find worms in the wet grass, come out after dark
dug a new burrow, came out after dark, sniffed the wet ground, carried dry leaves to {its} nest
= lion lions safari 190
golden, proud, hungry, sleepy
on the dry grass, under a thorn tree, near the water hole, on a flat rock
zebras, antelopes, meat
roar across the plain, hunt in a group, sleep twenty hours a day, protect {its} cubs
roared in the night, watched the herd, yawned in the heat, carried {its} cub in {its} mouth
= tiger tigers safari 200
striped, huge, silent, strong
in the jungle, near the river, in the tall grass, in the shade
deer, wild pigs, meat
swim across rivers, hunt alone, leap ten metres, hide in tall grass
crept through the tall grass, swam across the river, growled in the shade, rested after the hunt
= leopard leopards safari 60
spotted, silent, quick, lonely
on a high branch, among the rocks, in the tall grass, near the river
monkeys, antelopes, meat
climb trees with heavy prey, hunt at night, move without a sound
dragged its prey into a tree, slept on a branch, watched the path, slipped away between the rocks
= elephant elephants safari 4000
grey, huge, wise, gentle
at the water hole, on the dusty road, under a large tree, by the river
leaves, bark, fruit
drink with a trunk, remember places for years, push over a tree, hear sounds from far away
sprayed water over {its} back, lifted a log with {its} trunk, flapped {its} ears, led the herd to the river
= giraffe giraffes safari 900
tall, spotted, graceful, calm
among the tall trees, near the water hole, on the plain, beside the fence
leaves, buds, fruit
reach the highest leaves, see a lion from far away, run with long steps
stretched {its} long neck, ate leaves from the top of the tree, bent down to drink, looked over the fence
= zebra zebras safari 300
striped, nervous, thirsty, young
at the water hole, on the plain, in the tall grass, near the river
grass, leaves, roots
kick hard, graze in a herd, outrun a lion over a long distance
kicked up the dust, ran from the lion, drank at the water hole, grazed with the herd
= camel camels safari 500
tall, patient, thirsty, proud
in the desert, by the well, near the tents, on the sand
dry grass, thorns, dates
carry heavy loads, walk for days without water, close the nose against the sand
knelt on the sand, drank for ten minutes, carried the tent across the desert, spat at a tourist
= monkey monkeys safari 8
clever, noisy, cheeky, brown
in the trees, on the temple roof, on a high branch, near the river
bananas, nuts, leaves
swing from branch to branch, use a stick as a tool, peel a banana, hang by the tail
peeled a banana, swung from branch to branch, stole a hat, scratched {its} head
= kangaroo kangaroos safari 60
tall, strong, brown, quick
on the dry plain, under a gum tree, beside the road, in the tall grass
grass, leaves, roots
hop across the plain, carry {its} baby in a pouch, jump over a fence, balance on a strong tail
hopped across the road, carried its baby in its pouch, rested under a gum tree, jumped over the fence
= panda pandas safari 100
round, sleepy, gentle, curious
in the bamboo forest, on a low branch, beside the stream, in the misty hills
bamboo, fruit, roots
climb trees, eat bamboo all day, hold a stem like a cook holds a spoon
chewed a bamboo stem, climbed a low tree, rolled down the slope, sat in the snow
= owl owls bird 1
silent, wise, white, old
in the old barn, on a high branch, in the church tower, in a hollow tree
mice, voles, beetles
turn the head almost around, fly without a sound, hunt mice in the dark
hooted in the dark, caught a mouse, turned {its} head slowly, flew low over the field
= eagle eagles bird 5
golden, proud, powerful, lonely
on a high rock, near the lake, in a nest on the cliff, on a dead tree
fish, hares, rabbits
see a hare from far away, glide for hours, build a nest on a cliff
circled above the valley, caught a fish, fed {its} chicks on the cliff, spread {its} wide wings
= sparrow sparrows bird 0.03
brown, cheerful, hungry, little
in the hedge, on the roof, on the windowsill, at the bird table
seeds, crumbs, insects
live close to people, build a nest under a roof, hop but not walk
chirped in the hedge, pecked at the crumbs, bathed in the dust, built a nest under the roof
= pigeon pigeons bird 0.3
grey, plump, tame, hungry
on the roof, in the square, on the station platform, at the foot of the statue
seeds, crumbs, corn
find {its} way home, live in big cities, carry a message
cooed on the roof, pecked at the crumbs, walked around the fountain, flew up from the square
= crow crows bird 0.5
black, clever, loud, bold
on the fence, in the ploughed field, on the chimney, in the tall pine
seeds, eggs, worms
solve small puzzles, remember a face, bend a wire into a hook
cawed from the chimney, stole a shiny spoon, dropped a nut onto the road, chased an eagle away
= swan swans bird 10
white, graceful, proud, calm
on the lake, among the reeds, under the bridge, by the river bank
water plants, grass, roots
glide across a lake, stay with one partner for life, protect {its} nest
glided across the lake, hissed at the dog, built a nest in the reeds, carried a chick on {its} back
= robin robins bird 0.02
small, red-breasted, brave, round
on the spade handle, in the holly bush, on the garden gate, in the snow
worms, berries, crumbs
sing in the winter, follow a gardener, fight for a garden
sang from the holly bush, pulled a worm out of the ground, hopped along the fence, fed its chicks
= penguin penguins bird 20
brave, clumsy, hungry, plump
on the ice, on the rocky shore, in the icy water, among the snow
fish, squid, krill
swim fast under water, keep an egg on {its} feet, stand for weeks in the cold, slide over the ice
slid over the ice, dived for fish, waddled along the shore, kept an egg warm on its feet
= whale whales water 30000
huge, blue, slow, mighty
off the coast, far out at sea, in the cold bay, near the fishing boat
krill, squid, small fish
hold {its} breath for an hour, sing under water, swim across an ocean, feed {its} calf with milk
swam past the boat, blew water into the air, slapped the sea with {its} tail, dived into the deep water
= dolphin dolphins water 150
playful, friendly, curious, quick
in the bay, beside the boat, off the coast, in the warm sea
fish, squid, crabs
leap out of the water, find fish by sound, swim in front of a ship, call each friend by a whistle
leaped out of the water, raced the boat, clicked and whistled, swam with its calf
= seal seals water 100
fat, shiny, spotted, lazy
on the rocks, on the sandy beach, in the harbour, on the ice
fish, squid, crabs
dive for half an hour, sleep in the water, balance a ball, swim under the ice
barked on the rocks, slid into the water, caught a fish, lay in the sun
= shark sharks water 300
grey, hungry, silent, dangerous
near the reef, in the deep water, off the coast, under the boat
fish, seals, squid
smell blood in the water, grow new teeth, swim without rest
circled the boat, swam along the reef, showed {its} sharp teeth, disappeared into the deep water
= otter otters water 10
playful, sleek, brown, quick
on the river bank, in the stream, under the bridge, among the reeds
fish, crabs, frogs
float face up, catch fish with bare paws, slide down a muddy bank
floated on {its} back, cracked a shell with a stone, slid down the bank, caught a fish
= frog frogs water 0.03
green, small, slippery, quick
in the pond, on a lily leaf, in the wet grass, beside the ditch
flies, worms, mosquitoes
live in water and on land, catch a fly with a long tongue, jump a long way
croaked in the pond, jumped off the lily leaf, caught a fly, swam under the bridge
= turtle turtles water 100
old, slow, green, heavy
on the sandy beach, in the warm sea, near the reef, among the sea grass
sea grass, crabs, jellyfish
hide {its} eggs in the sand, swim thousands of kilometres, live for eighty years
buried {its} eggs in the sand, swam along the reef, came up for air, crawled back to the sea
= crab crabs water 0.5
red, small, angry, quick
under a stone, on the wet sand, in the rock pool, beside the pier
small fish, shells, seaweed
walk sideways, grow a new claw, hide under the sand
walked sideways along the beach, pinched my toe, hid under a stone, waved {its} claws
= crocodile crocodiles water 400
green, huge, patient, dangerous
on the river bank, in the brown water, under the bridge, in the mud
fish, birds, zebras
wait without moving, carry {its} young very gently, swim without a ripple
waited in the brown water, opened {its} mouth in the sun, slid into the river, snapped at a bird
= bee bees insect 0.0001
busy, small, striped, tired
on a flower, near the hive, in the orchard, in the lavender
nectar, pollen, honey
make honey, tell others where flowers are, sting once, carry pollen from flower to flower
buzzed around the roses, flew back to the hive, landed on a flower, carried pollen on {its} legs
= butterfly butterflies insect 0.0005
yellow, pretty, blue, delicate
on a flower, on a thistle, on the garden fence, in the sunshine
nectar, ripe fruit, sap
taste with {its} feet, fly to warmer lands, hatch from a cocoon
opened {its} blue wings, fluttered over the meadow, landed on a flower, rested in the sunshine
= ant ants insect 0.00001
tiny, busy, strong, black
on the path, under a stone, on the picnic blanket, in the dry wood
seeds, sugar, crumbs
carry a leaf many times {its} size, build a hill of needles, live in a large nest
carried a crumb to the nest, crossed the picnic blanket, climbed up my shoe, dragged a leaf home
= spider spiders insect 0.001
hairy, small, patient, black
in the corner of the shed, on the ceiling, behind the mirror, between two branches
flies, moths, mosquitoes
spin a web, catch flies, hang from a thread, walk on the ceiling
spun a web across the window, caught a fly, hung from a long thread, ran under the cupboard
"""
