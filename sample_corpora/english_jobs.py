"""The jobs of the English corpus: where people work, what they use, what they do and did."""

# A record is: name and plural; where one works; what one uses; what one does; what one did.
JOBS = """
= doctor doctors
in the hospital, at the clinic, in a busy practice
a stethoscope, clean gloves, a thermometer
examine patients, treat sick people, explain the medicine, listen carefully, visit people at home,
write reports
examined a patient, wrote a prescription, set a broken arm, came at once, washed both hands,
asked about the pain, spoke to the family, stayed until midnight, drove from house to house
= nurse nurses
in the hospital, at the clinic, on the night ward
a thermometer, clean bandages, a chart
care for patients, change bandages, give medicine, watch over sick people
changed a bandage, washed both hands, gave the patient some water, calmed a frightened boy,
spoke to the family, stayed until midnight
= dentist dentists
at the clinic, in a bright surgery
a drill, a small mirror, clean gloves
treat bad teeth, fill a hole in a tooth, tell children to brush well
filled a tooth, pulled out a bad tooth, cleaned my teeth, looked at a sore gum
= vet vets
at the animal clinic, on the farms of the valley
a stethoscope, clean gloves, a warm towel
treat sick animals, visit farms, set a broken leg
treated a sick calf, bandaged a paw, visited the stable, gave the pony an injection
= teacher teachers
at the village school, in a noisy classroom
chalk, a red pen, a map
explain the lesson, mark homework, help slow readers, teach children to write
explained the lesson twice, marked thirty papers, read a poem to the class, praised a shy pupil,
spoke to the family, asked for silence
= cook cooks
in a small restaurant, in the school kitchen
a sharp knife, a heavy pan, a wooden spoon
prepare meals, taste the sauce, plan the menu
chopped the onions, tasted the soup, burned the sauce, roasted a chicken
= baker bakers
in the bakery, beside a hot oven
flour, a long oven, a rolling pin
get up before dawn, bake bread, knead the dough
kneaded the dough, baked two hundred rolls, sold the last cake, lit the oven
= farmer farmers
on the farm, in the fields
a tractor, a pitchfork, strong boots
milk the cows, bring in the harvest, feed the animals, plough the fields
ploughed the field, milked the cows, mended the fence, sold the potatoes
= driver drivers
at the bus station, on the road
a bus, a road map, a timetable
stop at red lights, carry passengers, start before sunrise
stopped the bus, helped a passenger with a bag, waited for the green light, cleaned the windows
= pilot pilots
at the airport, in the cockpit
a radio, a headset, a checklist
fly the plane, talk to the tower, check the weather
landed the plane in thick fog, greeted the passengers, checked the engines, called the tower
= sailor sailors
at the harbour, on a cargo ship
a rope, a compass, a telescope
scrub the deck, tie strong knots, spend months at sea
tied the rope, scrubbed the deck, watched the stars, wrote home from the port
= fisher fishers
at the harbour, on a small boat
a net, a hook, a bucket
leave before dawn, mend nets, sell the catch
mended a net, sold the morning catch, steered the boat home, emptied the bucket
= courier couriers
at the post office, on the road
a bicycle, a heavy bag, a red van
deliver letters, know every street, walk for miles
delivered a parcel, rang the bell twice, lost a letter, pushed a card under the door
= constable constables
at the police station, on the street
a notebook, a radio, a whistle
protect people, direct the traffic, look for a thief
caught a thief, directed the traffic, wrote down the number of the car, found a lost child
= firefighter firefighters
at the fire station, on the street
a ladder, a long hose, a helmet
put out fires, rescue people, climb tall ladders
put out a fire, climbed the ladder, rescued an old man, tested the hose
= lawyer lawyers
in an office, at the court
a thick file, a pen, a law book
defend people, read contracts, argue in court
read the contract, spoke for an hour, won a hard case, asked the witness a question
= judge judges
at the court, in the old town hall
a law book, a small hammer, a pen
listen to both sides, decide hard cases, keep the court quiet
listened to both sides, closed the case, read out the decision, asked for silence
= engineer engineers
in an office, at the factory
a computer, a drawing board, a calculator
design bridges, test machines, check the plans
designed a bridge, tested a machine, checked the plans, found the fault
= mechanic mechanics
in the garage, at the factory
a spanner, a jack, an oily cloth
repair cars, change tyres, find strange noises
repaired the brakes, changed a tyre, cleaned the engine, lay under the car for hours
= electrician electricians
in new houses, on a building site
a torch, a screwdriver, a roll of wire
lay cables, mend lights, test the fuses
mended the lamp, replaced the fuse, laid a new cable, tested the switch
= plumber plumbers
in old houses, on a building site
a spanner, a bucket, a long pipe
repair pipes, clear drains, fit new taps
repaired the tap, cleared the drain, fitted a new sink, stopped the leak
= carpenter carpenters
in the workshop, on a building site
a saw, a hammer, a plane
make tables, hang doors, measure twice
made an oak table, sawed the boards, hung a new door, sharpened the saw
= builder builders
on a building site, on the roof
a ladder, bricks, a hammer
lay bricks, mix cement, build walls
laid the bricks, mixed the cement, finished the wall, carried the beams
= painter painters
in a studio, on a ladder
a brush, a bucket of paint, a large canvas
mix colours, paint walls, work in good light
painted the ceiling, mixed a warm green, cleaned the brushes, sold a picture
= writer writers
at home, in a quiet library
a notebook, a pen, an old typewriter
write novels, change a page many times, read a great deal
finished a novel, tore up a chapter, signed forty books, read from a new story
= journalist journalists
in an office, at the newspaper
a camera, a notebook, a recorder
ask hard questions, write articles, check the facts
asked a hard question, wrote a long article, phoned the mayor, checked the facts
= musician musicians
in a concert hall, in a small studio
a violin, a piano, a flute
practise every day, play in an orchestra, learn new songs
played a slow waltz, tuned the violin, practised for hours, gave a concert
= singer singers
on the stage, in a small studio
a microphone, a song book, warm tea
practise every day, learn new songs, look after the voice
sang an old ballad, bowed to the audience, forgot a line, practised in the kitchen
= actor actors
at the theatre, on the stage
a mask, a costume, a script
learn long parts, wear costumes, speak clearly
learned a long part, forgot a line, wore a false beard, bowed to the audience
= tailor tailors
in the workshop, in a little shop
a needle, scissors, a sewing machine
sew suits, take measurements, shorten trousers
sewed a dark suit, measured my arms, shortened the trousers, mended a torn coat
= hairdresser hairdressers
in the salon, in a little shop
scissors, a comb, a hair dryer
cut hair, wash hair, hear all the news
cut my hair too short, swept the floor, combed the curls, told us the news
= waiter waiters
in a small restaurant, at the café
a tray, a notepad, a clean cloth
serve guests, carry plates, remember orders
carried six plates, dropped a glass, brought the bill, wiped the table
= shopkeeper shopkeepers
in a little shop, behind the counter
a scale, a till, a notebook
serve customers, count the money, fill the shelves
counted the money, filled the shelves, weighed the apples, closed the shop
= librarian librarians
in a quiet library, behind the desk
a stamp, a catalogue, a book trolley
find books, help students, keep the shelves in order
found an old map, stamped my book, sorted the shelves, read stories to the children
= scientist scientists
in a laboratory, at the university
a microscope, a notebook, a computer
test ideas, measure everything, repeat experiments
repeated the experiment, measured the heat, wrote a report, looked through the microscope
= gardener gardeners
in the park, among the roses
a spade, a rake, a watering can
plant trees, cut the grass, water the flowers
planted a pear tree, cut the hedge, watered the roses, raked the leaves
= butcher butchers
in a little shop, at the market
a sharp knife, a scale, a clean apron
cut meat, weigh sausages, sharpen knives
weighed the sausages, sharpened the knife, wrapped the ham, cut the beef
= secretary secretaries
in an office, at the university
a telephone, a diary, a computer
answer the telephone, arrange meetings, write letters
answered the telephone, arranged a meeting, typed a letter, found the missing file
"""
